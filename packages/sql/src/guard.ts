import { remainingMs, startPatience } from '@automate/sdk';
import type { Call, SqlConnection } from './dialect.ts';

/** How long a statement that its caller gave up may take to end before its connection is given up, in milliseconds. */
const GRACE_MS = 1000;

/** The same call with a deadline a little earlier, so that the server's own word on a cancelled statement still arrives. */
export function withMargin({ deadline, signal }: Call): Call {
  return { signal, deadline: deadline - Math.min(500, remainingMs(deadline) / 5) };
}

/**
 * Cancels what a connection does when the caller leaves or the deadline passes. If that does not help until `last`, which
 * is when the call is answered without us, ends the connection.
 */
export class Guard {
  readonly end: () => void;
  readonly #deadline: number;
  /** Why the statement was cancelled, if it was. */
  reason: 'deadline' | 'caller' | undefined;
  /** Fulfilled when no cancellation is on its way. */
  settled = Promise.resolve();

  constructor(connection: SqlConnection, { deadline, signal }: Call, last: number) {
    this.#deadline = deadline;
    let grace: NodeJS.Timeout | undefined;
    const letGo = startPatience({ deadline, signal }, (end) => {
      this.reason = end === 'deadline' || this.isOverdue ? 'deadline' : 'caller';
      this.settled = connection.cancel();
      const patience = this.reason === 'caller' ? GRACE_MS : remainingMs(last) * 0.8;
      grace = setTimeout(() => connection.destroy(), patience);
    });
    this.end = () => {
      letGo();
      clearTimeout(grace);
    };
  }

  /** Whether the deadline has passed, noticed in time or not. */
  get isOverdue(): boolean {
    return Date.now() >= this.#deadline;
  }
}
