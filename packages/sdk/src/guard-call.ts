import type { PatienceEnd } from '@automate/contract';
import { CancelledError, ConnectorError, TimeoutError, UnavailableError, until } from '@automate/contract';
import type { CallContext } from './connector-context.ts';
import { remainingMs } from './deadline.ts';

/** When a call ends at the latest, and who may end it earlier. */
export type CallScope = Pick<CallContext, 'deadline' | 'signal'>;

export interface GuardedCall {
  /** The call: its context will do. */
  readonly scope: CallScope;
  /** Fires when the connector closes: `context.signal`. */
  readonly closing: AbortSignal;
  /** What is waited for, as the subject of a sentence. */
  readonly what: string;
}

/**
 * Waits for work of a client library of your own until the call's deadline, its caller or the connector's end stops it.
 * The work's signal fires then; work that does not heed it goes on, unwatched.
 *
 * @throws TimeoutError, CancelledError (or what the caller's signal gives as its reason) or UnavailableError, whichever it
 * was; nothing is begun when the deadline has already passed.
 */
export async function guardCall<T>(options: GuardedCall, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { scope, closing, what } = options;
  const left = remainingMs(scope.deadline);
  if (left === 0) throw new TimeoutError(`${what} was not sent: the call's time was already over`, { effect: 'none' });
  const stop = new AbortController();
  const reasonOf = (end: PatienceEnd): ConnectorError => {
    if (end === 'deadline') return new TimeoutError(`${what} did not answer within ${left} ms`);
    return end === 'closing'
      ? new UnavailableError(`${what} was ended: the connector is closing`, { effect: 'maybe' })
      : ConnectorError.from(scope.signal.reason ?? new CancelledError(`${what}: the caller gave up`), 'CANCELLED');
  };
  const error = (end: PatienceEnd): ConnectorError => {
    const reason = reasonOf(end);
    stop.abort(reason);
    return reason;
  };
  const { deadline, signal } = scope;
  return until({ deadline, signal, closing, error }, () => work(stop.signal));
}
