import type { CallOptions } from '@automate/contract';
import { CancelledError, LONGEST_TIMER_MS, TimeoutError } from '@automate/contract';

/** Waits for work as long as the caller will: rejects with TIMEOUT or CANCELLED when its patience ends. The work itself goes on. */
export async function waitWithin<T>(work: Promise<T>, { timeoutMs, signal }: CallOptions): Promise<T> {
  if (timeoutMs === undefined && signal === undefined) return work;
  let cleanUp = (): void => undefined;
  const patience = new Promise<never>((_, reject) => {
    const cancel = (): void => reject(new CancelledError('the caller left'));
    const timer =
      timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS
        ? undefined
        : setTimeout(() => reject(new TimeoutError(`no answer within ${timeoutMs} ms`)), timeoutMs);
    cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    cleanUp();
    // Whichever lost must not surface as an unhandled rejection.
    work.catch(() => undefined);
  }
}
