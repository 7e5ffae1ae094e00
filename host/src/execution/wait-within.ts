import type { CallOptions, Patience } from '@automate/contract';
import { CancelledError, TimeoutError, until } from '@automate/contract';

/** How long a caller waits, from now on. */
export function patienceOf({ timeoutMs = Infinity, signal }: CallOptions): Patience {
  return { deadline: Date.now() + timeoutMs, signal };
}

/** Waits for work as long as the caller will: rejects with TIMEOUT or CANCELLED when its patience ends. The work itself goes on. */
export function waitWithin<T>(work: Promise<T>, call: CallOptions): Promise<T> {
  const error = (end: string): Error =>
    end === 'deadline'
      ? new TimeoutError(`no answer within ${call.timeoutMs} ms`)
      : new CancelledError('the caller left');
  return until({ ...patienceOf(call), error }, () => work);
}
