import { TimeoutError, until } from '@automate/contract';

export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** What is waited for, as the subject of a sentence: `the connection check`. */
  readonly what: string;
}

/** Milliseconds until a deadline, 0 when it has passed. */
export function remainingMs(deadline: number, now: number = Date.now()): number {
  return Math.max(0, deadline - now);
}

/** Waits for work until a deadline. Rejects with TimeoutError then; the work itself goes on, unwatched. */
export async function withDeadline<T>({ deadline, what }: Deadline, work: () => Promise<T> | T): Promise<T> {
  const wait = remainingMs(deadline);
  return until({ deadline, error: () => new TimeoutError(`${what} did not end within ${wait} ms`) }, work);
}
