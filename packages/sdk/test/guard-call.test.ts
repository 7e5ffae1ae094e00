import { describe, expect, it } from '@jest/globals';
import { guardCall } from '../src/guard-call.ts';

const HOUR_MS = 3_600_000;

/** Work that ends only when it is stopped. */
function untilStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the socket was closed')), { once: true });
  });
}

function callOf(ms = HOUR_MS) {
  const caller = new AbortController();
  const connector = new AbortController();
  const scope = { deadline: Date.now() + ms, signal: caller.signal };
  return { caller, connector, options: { scope, closing: connector.signal, what: 'the query' } };
}

describe('work within a call', () => {
  it('gives its value, and its own failure', async () => {
    const { options } = callOf();
    await expect(guardCall(options, async () => 7)).resolves.toBe(7);
    await expect(guardCall(options, () => Promise.reject(new Error('no such table')))).rejects.toThrow('no such table');
  });

  it('ends at the deadline', async () => {
    await expect(guardCall(callOf(200).options, untilStopped)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^the query did not answer/),
    });
  });

  it('is not begun after the deadline', async () => {
    let begun = false;
    const late = guardCall(callOf(-1).options, async () => {
      begun = true;
    });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    expect(begun).toBe(false);
  });

  it('ends when the caller gives up, and when the connector closes', async () => {
    const first = callOf();
    const given = guardCall(first.options, untilStopped);
    first.caller.abort();
    await expect(given).rejects.toMatchObject({ code: 'CANCELLED' });
    const second = callOf();
    const closed = guardCall(second.options, untilStopped);
    second.connector.abort();
    await expect(closed).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'maybe' });
  });

  it('takes a deadline that no timer can wait for', async () => {
    await expect(guardCall(callOf(Number.MAX_SAFE_INTEGER / 2).options, async () => 'there')).resolves.toBe('there');
  });
});
