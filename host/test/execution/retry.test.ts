import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorError, Outcome } from '@automate/contract';
import {
  AuthFailedError,
  RateLimitedError,
  TimeoutError,
  TransientNetworkError,
  WorkerLostError,
} from '@automate/contract';
import type { Attempted, RetryOptions } from '../../src/execution/retry.ts';
import { mayRetry, retryAfter } from '../../src/execution/retry.ts';

const POLICY = { attempts: 3, backoffMs: 1, maxBackoffMs: 50 };

/** Answers with these in turn; the last one for ever. */
function scripted(...answers: readonly (ConnectorError | string)[]): {
  attempt: (repeated?: boolean) => Promise<Outcome<string>>;
  count: () => number;
  /** What each attempt was told of the earlier ones. */
  told: (boolean | undefined)[];
} {
  let count = 0;
  const told: (boolean | undefined)[] = [];
  return {
    count: () => count,
    told,
    attempt: async (repeated) => {
      told.push(repeated);
      const answer = answers[Math.min(count, answers.length - 1)] ?? '';
      count += 1;
      return typeof answer === 'string' ? { ok: true, value: answer } : { ok: false, error: answer.toEnvelope() };
    },
  };
}

/** A first attempt and what follows from it, as the pipeline does it. */
async function runWithRetry(
  given: RetryOptions,
  attempt: (repeated?: boolean) => Promise<Outcome<string>>,
): Promise<Attempted> {
  const first = await attempt();
  return first.ok ? { outcome: first, attempts: 1 } : retryAfter(first, given, attempt);
}

function options(overrides: Partial<RetryOptions> = {}): RetryOptions {
  return { policy: POLICY, deadline: Infinity, isIdempotent: () => false, ...overrides };
}

describe('retries', () => {
  it('try again after a failure that did nothing, and count the attempts', async () => {
    const { attempt } = scripted(new TransientNetworkError('refused', { effect: 'none' }), 'done');
    await expect(runWithRetry(options(), attempt)).resolves.toEqual({
      outcome: { ok: true, value: 'done' },
      attempts: 2,
    });
  });

  it('do not repeat what may have happened, unless the action is idempotent', async () => {
    const first = scripted(new TimeoutError('no answer'), 'done');
    expect((await runWithRetry(options(), first.attempt)).attempts).toBe(1);
    const second = scripted(new TimeoutError('no answer'), 'done');
    expect((await runWithRetry(options({ isIdempotent: () => true }), second.attempt)).attempts).toBe(2);
  });

  it('say that the call may have had an effect, if any attempt may, whatever the last one says', async () => {
    const refused = new TransientNetworkError('refused', { effect: 'none' });
    const { attempt } = scripted(new TimeoutError('no answer'), refused);
    const { outcome } = await runWithRetry(options({ isIdempotent: () => true }), attempt);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'TRANSIENT_NETWORK', effect: 'maybe' } });
    const never = await runWithRetry(options({ isIdempotent: () => true }), scripted(refused).attempt);
    expect(never.outcome).toMatchObject({ error: { effect: 'none' } });
  });

  it('tell every attempt that follows one which may have taken effect, and no other', async () => {
    const refused = new TransientNetworkError('refused', { effect: 'none' });
    const { attempt, told } = scripted(refused, new TimeoutError('no answer'), refused, 'done');
    const policy = { ...POLICY, attempts: 4 };
    await runWithRetry(options({ policy, isIdempotent: () => true }), attempt);
    expect(told).toStrictEqual([undefined, false, true, true]);
  });

  it('say, when the caller leaves between two attempts, what those before may have done', async () => {
    const effectAfter = async (error: ConnectorError): Promise<unknown> => {
      const caller = new AbortController();
      const running = runWithRetry(
        options({ isIdempotent: () => true, signal: caller.signal }),
        scripted(error).attempt,
      );
      caller.abort();
      const { outcome, attempts } = await running;
      expect(attempts).toBe(1);
      return outcome.ok || [outcome.error.code, outcome.error.effect];
    };
    expect(await effectAfter(new TimeoutError('no answer'))).toStrictEqual(['CANCELLED', 'maybe']);
    const refused = new TransientNetworkError('refused', { effect: 'none' });
    expect(await effectAfter(refused)).toStrictEqual(['CANCELLED', 'none']);
  });

  it('wait for the back-off, also where a shorter Retry-After is given', async () => {
    // Days of back-off, which the caller's deadline does not leave time for.
    const policy = { attempts: 3, backoffMs: 1e9, maxBackoffMs: 2e9 };
    for (const error of [
      new TransientNetworkError('refused', { effect: 'none' }),
      new RateLimitedError('slow down', { retryAfterMs: 1 }),
    ]) {
      const { attempt } = scripted(error, 'done');
      expect((await runWithRetry(options({ policy, deadline: Date.now() + 60_000 }), attempt)).attempts).toBe(1);
    }
  });

  it('wait longer each time', async () => {
    const { attempt } = scripted(new TransientNetworkError('refused', { effect: 'none' }));
    const policy = { attempts: 30, backoffMs: 1, maxBackoffMs: 60_000 };
    // Thirty times a millisecond would fit; what doubles does not.
    const { attempts } = await runWithRetry(options({ policy, deadline: Date.now() + 1_000 }), attempt);
    expect(attempts).toBeLessThan(30);
  });

  it('stop at the number of attempts and answer with the last error', async () => {
    const { attempt, count } = scripted(new TransientNetworkError('refused', { effect: 'none' }));
    const { outcome, attempts } = await runWithRetry(options(), attempt);
    expect([outcome.ok, attempts, count()]).toEqual([false, 3, 3]);
  });

  it('wait as long as Retry-After says, however short the back-off', async () => {
    const caller = new AbortController();
    const policy = { ...POLICY, maxBackoffMs: 120_000 };
    const { attempt, count } = scripted(new RateLimitedError('slow down', { retryAfterMs: 100_000 }), 'done');
    const running = runWithRetry(options({ policy, signal: caller.signal }), attempt);
    // A hundred times the back-off.
    await delay(300);
    caller.abort();
    await expect(running).resolves.toMatchObject({ outcome: { ok: false, error: { code: 'CANCELLED' } }, attempts: 1 });
    expect(count()).toBe(1);
    const short = scripted(new RateLimitedError('slow down', { retryAfterMs: POLICY.maxBackoffMs }), 'done');
    expect((await runWithRetry(options(), short.attempt)).attempts).toBe(2);
  });

  it('answer at once when Retry-After is longer than max_backoff or than the caller will wait', async () => {
    const long = new RateLimitedError('slow down', { retryAfterMs: 60_000 });
    expect((await runWithRetry(options(), scripted(long).attempt)).attempts).toBe(1);
    const short = new RateLimitedError('slow down', { retryAfterMs: 40 });
    expect((await runWithRetry(options({ deadline: Date.now() + 20 }), scripted(short).attempt)).attempts).toBe(1);
  });

  it.each([
    [new AuthFailedError('no'), true, false],
    [new TransientNetworkError('reset'), false, false],
    [new TransientNetworkError('reset'), true, true],
    [new WorkerLostError('died'), false, false],
    [new WorkerLostError('died'), true, true],
    [new WorkerLostError('died', { retryable: true, effect: 'maybe' }), false, false],
    [new WorkerLostError('died before it was told', { retryable: true, effect: 'none' }), false, true],
    [new RateLimitedError('later'), false, true],
  ])('decide by the error and the action: %s, idempotent %s', (error, idempotent, expected) => {
    expect(mayRetry(error.toEnvelope(), idempotent)).toBe(expected);
  });
});
