import type { CallOptions } from '@automate/contract';
import { CancelledError, TimeoutError, until } from '@automate/contract';

/** Waits for work as long as the caller will: rejects with TIMEOUT or CANCELLED when its patience ends. The work itself goes on. */
export function waitWithin<T>(work: Promise<T>, { timeoutMs = Infinity, signal }: CallOptions): Promise<T> {
  const error = (end: string): Error =>
    end === 'deadline' ? new TimeoutError(`no answer within ${timeoutMs} ms`) : new CancelledError('the caller left');
  return until({ deadline: Date.now() + timeoutMs, signal, error }, () => work);
}
