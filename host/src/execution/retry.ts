import { setTimeout as delay } from 'node:timers/promises';
import type { ErrorEnvelope, Outcome, RetryConfig } from '@automate/contract';
import { CancelledError } from '@automate/contract';

export interface RetryOptions {
  readonly policy: RetryConfig;
  /** The caller's own, over all attempts, in milliseconds since the epoch; Infinity without one. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether the action is declared idempotent. Asked after an attempt, since a first attempt may be what makes it known. */
  isIdempotent(): boolean;
}

export interface Attempted {
  readonly outcome: Outcome<string>;
  /** From 1. */
  readonly attempts: number;
}

/**
 * Goes on after a first attempt that failed, until it works, the error says no, the attempts are used up, or the next
 * wait would not fit: neither into the caller's deadline nor into `max_backoff`, which a remote's Retry-After may exceed.
 * The last error is then the answer, at once.
 *
 * @param attempt tries once more; it is told whether an earlier attempt may have taken effect, what the last one failed of, and which that was
 */
export async function retryAfter(
  first: Outcome<string>,
  options: RetryOptions,
  attempt: (repeated: boolean, failure: ErrorEnvelope, attempts: number) => Promise<Outcome<string>>,
): Promise<Attempted> {
  let outcome = first;
  let attempts = 1;
  let repeated = false;
  // Loaded with the first failure: most calls, and every start, do without. Where even that fails, the failure is the answer.
  const cockatiel = await import('cockatiel').catch(() => undefined);
  if (cockatiel === undefined) return { outcome, attempts };
  const { decorrelatedJitterGenerator, ExponentialBackoff } = cockatiel;
  let backoff = new ExponentialBackoff({
    initialDelay: options.policy.backoffMs,
    maxDelay: options.policy.maxBackoffMs,
    generator: decorrelatedJitterGenerator,
  }).next();
  while (!outcome.ok && attempts < options.policy.attempts && mayRetry(outcome.error, options.isIdempotent())) {
    const waitMs = Math.max(backoff.duration, outcome.error.retryAfterMs ?? 0);
    if (waitMs > options.policy.maxBackoffMs || Date.now() + waitMs >= options.deadline) break;
    try {
      await delay(waitMs, undefined, { signal: options.signal });
    } catch {
      const { message, effect } = outcome.error;
      const error = new CancelledError(`the caller left between two attempts; the last one failed: ${message}`, {
        effect,
      });
      return { outcome: { ok: false, error: error.toEnvelope() }, attempts };
    }
    repeated ||= outcome.error.effect === 'maybe';
    outcome = await attempt(repeated, outcome.error, attempts);
    // The call as a whole may have had an effect, whatever the last attempt says of itself.
    if (repeated && !outcome.ok) outcome = { ok: false, error: { ...outcome.error, effect: 'maybe' } };
    attempts += 1;
    backoff = backoff.next(undefined);
  }
  return { outcome, attempts };
}

/** Whether a call did not begin because its connector has ended, of which another may have the place. */
export function isLeftBehind({ code, effect, details }: ErrorEnvelope): boolean {
  return code === 'UNAVAILABLE' && effect === 'none' && details?.['reason'] === 'closed';
}

/**
 * Whether an error may be followed by another try: it must be worth it, and doing it twice must be harmless, because nothing was done or
 * because the action is idempotent. A worker's death says nothing about the remote system, so there the action alone decides.
 */
export function mayRetry(error: ErrorEnvelope, idempotent: boolean): boolean {
  // While it waited to try again it would keep a place from the others.
  if (error.details?.['reason'] === 'rate_queue_full') return false;
  // It does not come back: what has taken its place is another.
  if (isLeftBehind(error)) return false;
  if (error.code === 'WORKER_LOST') return idempotent || (error.retryable && error.effect === 'none');
  return error.retryable && (error.effect === 'none' || idempotent);
}
