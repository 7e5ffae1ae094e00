import { CancelledError, ConnectorError, LONGEST_TIMER_MS, TimeoutError, UnavailableError } from '@automate/contract';
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
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const end = (reason: ConnectorError): void => {
    reject(reason);
    stop.abort(reason);
  };
  const onCaller = (): void =>
    end(ConnectorError.from(scope.signal.reason ?? new CancelledError(`${what}: the caller gave up`), 'CANCELLED'));
  const onClosing = (): void =>
    end(new UnavailableError(`${what} was ended: the connector is closing`, { effect: 'maybe' }));
  const timer = setTimeout(
    () => end(new TimeoutError(`${what} did not answer within ${left} ms`)),
    Math.min(left, LONGEST_TIMER_MS),
  );
  closing.addEventListener('abort', onClosing, { once: true });
  scope.signal.addEventListener('abort', onCaller, { once: true });
  if (closing.aborted) onClosing();
  if (scope.signal.aborted) onCaller();
  try {
    // The reason first: what was stopped fails too, with less to say.
    return await Promise.race([stopped, work(stop.signal)]);
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', onClosing);
    scope.signal.removeEventListener('abort', onCaller);
  }
}
