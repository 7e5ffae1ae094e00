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
  attempt: () => Promise<Outcome<string>>;
  count: () => number;
} {
  let count = 0;
  return {
    count: () => count,
    attempt: async () => {
      const answer = answers[Math.min(count, answers.length - 1)] ?? '';
      count += 1;
      return typeof answer === 'string' ? { ok: true, value: answer } : { ok: false, error: answer.toEnvelope() };
    },
  };
}

/** A first attempt and what follows from it, as the pipeline does it. */
async function runWithRetry(given: RetryOptions, attempt: () => Promise<Outcome<string>>): Promise<Attempted> {
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
    const short = scripted(new RateLimitedError('slow down', { retryAfterMs: 40 }), 'done');
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
    [new RateLimitedError('later'), false, true],
  ])('decide by the error and the action: %s, idempotent %s', (error, idempotent, expected) => {
    expect(mayRetry(error.toEnvelope(), idempotent)).toBe(expected);
  });
});
