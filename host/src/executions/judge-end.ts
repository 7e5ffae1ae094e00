import type { ErrorEnvelope, RetryConfig } from '@automate/contract';

/** Wait where nothing says how long to wait, of a run that the host itself held back, in milliseconds. */
const HELD_BACK_MS = 1_000;

/** Reasons of errors by which the host holds a call back that could be made a moment later: nothing has been asked of the remote system. */
const HELD_BACK: ReadonlySet<unknown> = new Set([
  'circuit_open',
  'closed',
  'in_progress',
  'master_key',
  'moved',
  'paused',
  'peer_refused',
  'rate_limit',
  'shutting_down',
  'start_queued',
  'stopping',
  'store_lost',
]);

export interface EndedRun {
  readonly error: ErrorEnvelope;
  /** Runs so far, this one included. */
  readonly attempts: number;
  readonly policy: RetryConfig;
}

/** The wait before another run and whether this one counts; or `end`: it was the last. */
export type NextRun = { readonly afterMs: number; readonly counts: boolean } | 'end';

/**
 * What follows a run that failed. Another one does where the error says that it may help and that nothing was done, for as many runs as
 * the connector's `retry.attempts` says; those that the host itself held back do not count. Each run tries as often as a call does.
 */
export function judgeEnd({ error, attempts, policy }: EndedRun, random = Math.random): NextRun {
  if (!error.retryable || error.effect !== 'none') return 'end';
  const counts = error.code !== 'OVERLOADED' && !HELD_BACK.has(error.details?.['reason']);
  if (counts && attempts >= policy.attempts) return 'end';
  const longest = counts ? policy.backoffMs * 2 ** (attempts - 1) : HELD_BACK_MS;
  const backoffMs = Math.min(longest, policy.maxBackoffMs) * (0.5 + random() / 2);
  return { afterMs: Math.ceil(Math.max(backoffMs, error.retryAfterMs ?? 0)), counts };
}
