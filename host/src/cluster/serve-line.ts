import type { ServerHttp2Stream } from 'node:http2';
import type { CallOptions, CallProgress, ConnectorService, Principal } from '@automate/contract';
import { ConnectorError, ConnectorInternalError } from '@automate/contract';
import { LineEnd } from './line-end.ts';
import type { SaidOfAnswer, SaidOfCall } from './line-sayings.ts';
import { WINDOW_BYTES } from './line.ts';

export interface ServeLineOptions {
  /** What both ends alone know. */
  readonly key: Uint8Array;
  readonly service: Pick<ConnectorService, 'executeText'>;
  /** The same for each call of the same caller. */
  principalOf(name: string, scopes: Principal['scopes']): Principal;
  /** Hears of what nobody foresaw. */
  onFault(fault: unknown, what: string): void;
}

/** What lies before a line over which nothing more is told of how far calls are, in bytes: the other host reads slowly, or stands still. */
const BEHIND_BYTES = 1024 * 1024;

/** A line that another host has opened to this one. */
export interface ServedLine {
  /** Takes no more calls; the line ends once those under way have their answers. */
  end(): void;
}

/** Answers the calls that come over a line, in the name of those who made them at the other host. */
export function serveLine(
  stream: ServerHttp2Stream,
  { key, service, principalOf, onFault }: ServeLineOptions,
): ServedLine {
  const calls = new Map<number, PassedCall>();
  let isEnding = false;
  const endWhenDone = (): void => {
    if (isEnding && calls.size === 0) line.end();
  };
  const make = (said: SaidOfCall, payload: string): void => {
    const { n, id = '', action = '', key: idempotencyKey, name = '', scopes = [] } = said;
    const tell = (progress: CallProgress): void => {
      if (stream.writableLength < BEHIND_BYTES) line.say({ n, progress });
    };
    const call = new PassedCall(said, principalOf(name, scopes), said.told === true ? tell : undefined);
    calls.set(n, call);
    const over = (): void => {
      calls.delete(n);
      call.finish();
      endWhenDone();
    };
    service
      .executeText({ id, action, payload, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }, call)
      .then(
        ({ result, attempts, durationMs, replayed, resultDropped }) => {
          line.say({ n, attempts, durationMs, replayed, ...(resultDropped === true ? { resultDropped } : {}) }, result);
          over();
        },
        (reason: unknown) => {
          line.say({ n, error: (ConnectorError.is(reason) ? reason : unforeseen(reason)).toEnvelope() });
          over();
        },
      )
      .catch((fault: unknown) => onFault(fault, `a call of "${id}" that another host passed on was answered`));
  };
  const unforeseen = (reason: unknown): ConnectorError => {
    onFault(reason, 'a call that another host passed on was made');
    return new ConnectorInternalError(
      'the call failed for a reason that the host which runs its connector did not foresee; its log has it',
      { details: { reason: 'unexpected' } },
    );
  };
  const line = new LineEnd<SaidOfAnswer, SaidOfCall>(stream, {
    key,
    as: 'called',
    hear(said, payload) {
      if (said.left === true) calls.get(said.n)?.abort();
      else if (!isEnding) make(said, payload);
    },
    onBroken: (error) => onFault(error, 'what another host said was read'),
  });
  stream.session?.settings({ initialWindowSize: WINDOW_BYTES });
  stream.session?.setLocalWindowSize(WINDOW_BYTES);
  stream.on('error', () => undefined);
  stream.on('close', () => {
    for (const call of calls.values()) call.abort();
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  return {
    end() {
      if (isEnding) return;
      isEnding = true;
      line.say({ last: line.heard });
      endWhenDone();
    },
  };
}

/** What the other host says of a call. The signal is made when first asked for. */
class PassedCall implements CallOptions {
  readonly timeoutMs?: number;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly door?: string;
  readonly principal: Principal;
  readonly onProgress?: (now: CallProgress) => void;
  #controller: AbortController | undefined;
  #isAborted = false;
  #isOver = false;

  constructor(
    { waitsMs, traceparent, tracestate, door }: SaidOfCall,
    principal: Principal,
    onProgress: ((now: CallProgress) => void) | undefined,
  ) {
    this.principal = principal;
    if (waitsMs !== undefined) this.timeoutMs = waitsMs;
    if (traceparent !== undefined) this.traceparent = traceparent;
    if (tracestate !== undefined) this.tracestate = tracestate;
    if (door !== undefined) this.door = door;
    if (onProgress !== undefined) this.onProgress = onProgress;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    if (this.#isOver || this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort();
  }

  /** From now on the signal stays silent: the call is over. */
  finish(): void {
    this.#isOver = true;
  }
}
