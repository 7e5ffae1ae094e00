import type { ConnectorError } from '@automate/contract';
import {
  CancelledError,
  ConnectorError as Errors,
  startPatience,
  TimeoutError,
  UnavailableError,
} from '@automate/contract';
import { withEffect } from '../with-effect.ts';
import type { Answer, Exchange } from './exchange.ts';
import { failureOf } from './failure.ts';

export interface GuardOptions {
  /** The request, for messages. */
  readonly what: string;
  readonly timeoutMs: number;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  /** The connector's. */
  readonly closing: AbortSignal;
}

/** Ends a request when its time is up, its caller leaves or its connector closes, and says which. */
export interface Guard {
  /** Waits for what cannot have an effect at the remote system; `of` says what for, where that is somebody else's. */
  wait<T>(work: Promise<T>, of?: string): Promise<T>;
  /** Waits for an exchange; ends it when the guard fires. */
  run(exchange: Exchange, url: URL, proxy: URL | undefined): Promise<Answer>;
  /** Lets go of timer and listeners. */
  release(): void;
}

export function createGuard({ what, timeoutMs, signal, closing }: GuardOptions): Guard {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting when it fires.
  stopped.catch(() => undefined);
  let reason: ConnectorError | undefined;
  let onStop: ((reason: ConnectorError) => void) | undefined;
  const stop = (why: ConnectorError): void => {
    if (reason !== undefined) return;
    reason = why;
    reject(withEffect(why, 'none'));
    onStop?.(why);
  };
  const letGo = startPatience({ deadline: Date.now() + timeoutMs, signal, closing }, (end) => {
    if (end === 'deadline') stop(new TimeoutError(`${what} did not answer within ${timeoutMs} ms`));
    else if (end === 'closing')
      stop(new UnavailableError(`${what} was ended: the connector is closing`, { effect: 'maybe' }));
    else stop(Errors.from(signal?.reason ?? new CancelledError(`${what}: the caller gave up`), 'CANCELLED'));
  });
  if (timeoutMs <= 0) stop(new TimeoutError(`${what} was not sent: the call's time was already over`));
  return {
    wait(work, of) {
      const ended = stopped.catch((why: ConnectorError) => {
        throw of === undefined ? why : Errors.change(why, { message: `${why.message}: it waited for ${of}` });
      });
      return Promise.race([ended, work]);
    },
    async run(exchange, url, proxy) {
      onStop = exchange.abort;
      if (reason !== undefined) exchange.abort(reason);
      try {
        return await exchange.answer;
      } catch (thrown) {
        const connected = exchange.connected();
        throw reason === undefined
          ? failureOf(thrown, { what, url, proxy, connected })
          : withEffect(reason, connected ? 'maybe' : 'none');
      } finally {
        onStop = undefined;
      }
    },
    release: letGo,
  };
}
