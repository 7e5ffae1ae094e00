import { CancelledError, ConnectorError, remainingMs, TimeoutError, UnavailableError } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';

/** When a call ends at the latest, and who may end it earlier. */
export type CallScope = Pick<CallContext, 'deadline' | 'signal'>;

export interface GuardOptions {
  readonly scope: CallScope;
  /** Fires when the connector closes. */
  readonly closing: AbortSignal;
  /** What is waited for, as the subject of a sentence. */
  readonly what: string;
}

/** Timers take at most 2^31-1 ms; a deadline beyond that is none. */
const LONGEST_MS = 0x7fff_ffff;

/** Waits for work until its deadline, its caller or the connector's end stops it, and says which it was. */
export async function guarded<T>(options: GuardOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
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
    Math.min(left, LONGEST_MS),
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
