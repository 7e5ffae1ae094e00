import { CancelledError, ConnectorError, LONGEST_TIMER_MS, TimeoutError } from '@automate/contract';

export interface StartWait {
  /** The connector's id. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

/** Waits for a start, which others may share, as long as this caller will. The start itself goes on. */
export function waitForStart<T>(start: Promise<T>, { id, deadline, signal }: StartWait): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = (): void =>
      finish(() => reject(new CancelledError(`the caller gave up while connector "${id}" was starting`)));
    const late = (): void =>
      finish(() => reject(new TimeoutError(`connector "${id}" did not start before the deadline of the call`)));
    const timer = Number.isFinite(deadline)
      ? setTimeout(late, Math.min(Math.max(0, deadline - Date.now()), LONGEST_TIMER_MS))
      : undefined;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', left);
      settle();
    };
    start.then(
      (value) => finish(() => resolve(value)),
      (reason: unknown) => finish(() => reject(ConnectorError.from(reason))),
    );
    if (signal?.aborted === true) left();
    else signal?.addEventListener('abort', left, { once: true });
  });
}

/** The error of a failed start for whoever wanted to call: their call has not been sent, whatever the failing step may have done. */
export function notSent(reason: unknown, connector: string): ConnectorError {
  const error = ConnectorError.from(reason).withConnector(connector);
  if (error.effect === 'none') return error;
  const copy = ConnectorError.fromEnvelope({ ...error.toEnvelope(), effect: 'none' });
  if (error.cause !== undefined) Object.defineProperty(copy, 'cause', { value: error.cause, configurable: true });
  return copy;
}
