import { remainingMs, startPatience } from '@automate/sdk';
import type { Call, SqlConnection } from './dialect.ts';

/** How long a statement that its caller gave up may take to end before its connection is given up, in milliseconds. */
const GRACE_MS = 1000;

/** The same call with a deadline a little earlier, so that the server's own word on a cancelled statement still arrives. */
export function withMargin({ deadline, signal }: Call): Call {
  return { signal, deadline: deadline - Math.min(500, remainingMs(deadline) / 5) };
}

export interface Guard {
  /** Why the statement was cancelled, if it was. */
  readonly reason: 'deadline' | 'caller' | undefined;
  /** Fulfilled when no cancellation is on its way. */
  readonly settled: Promise<void>;
  /** Whether the deadline has passed, noticed in time or not. */
  readonly isOverdue: boolean;
  end(): void;
}

/**
 * Cancels what a connection does when the caller leaves or the deadline passes. If that does not help until `last`, which
 * is when the call is answered without us, ends the connection.
 */
export function guardConnection(connection: SqlConnection, { deadline, signal }: Call, last: number): Guard {
  let reason: Guard['reason'];
  let settled = Promise.resolve();
  let grace: NodeJS.Timeout | undefined;
  const letGo = startPatience({ deadline, signal }, (end) => {
    reason = end === 'deadline' || Date.now() >= deadline ? 'deadline' : 'caller';
    settled = connection.cancel();
    const patience = reason === 'caller' ? GRACE_MS : remainingMs(last) * 0.8;
    grace = setTimeout(() => connection.destroy(), patience);
  });
  return {
    get reason() {
      return reason;
    },
    get settled() {
      return settled;
    },
    get isOverdue() {
      return Date.now() >= deadline;
    },
    end() {
      letGo();
      clearTimeout(grace);
    },
  };
}
