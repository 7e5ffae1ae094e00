import type { CallOptions, Principal } from '@automate/contract';
import { TIMEOUT_KEY } from '@automate/contract/grpc';
import type { Metadata, ServerUnaryCall } from '@automate/grpc';
import type { Door } from '../sign-in.ts';
import { admittedOf } from '../sign-in.ts';

/** What every kind of call of grpc-js has. */
export type ServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'cancelled' | 'getDeadline' | 'on'>;

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * Deadline, cancellation and trace context of a call, as the service wants them, and the means to end it from here. A class, and
 * the signal made when first asked for: it is made for every call, and most calls end before anyone asks.
 */
export class CallScope implements CallOptions {
  readonly timeoutMs?: number;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly principal?: Principal;
  readonly door?: Door;
  readonly #call: ServerCall;
  #controller: AbortController | undefined;
  #state: 'open' | 'aborted' | 'finished' = 'open';

  constructor(call: ServerCall) {
    const { metadata } = call;
    this.#call = call;
    const admitted = admittedOf(streamOf(call));
    if (admitted !== undefined) {
      this.principal = admitted.principal;
      this.door = admitted.door;
    }
    const timeoutMs = timeLeft(call);
    if (timeoutMs !== undefined) this.timeoutMs = timeoutMs;
    const traceparent = readText(metadata, 'traceparent', TRACEPARENT);
    if (traceparent !== undefined) {
      this.traceparent = traceparent;
      const tracestate = readText(metadata, 'tracestate', TRACESTATE);
      if (tracestate !== undefined) this.tracestate = tracestate;
    }
    // grpc-js says `cancelled` when the caller leaves, at the deadline, and at the end of every call besides.
    call.on('cancelled', () => this.abort());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#state === 'aborted' || this.#call.cancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Fires the signal, as the caller's leaving does. */
  abort(): void {
    if (this.#state !== 'open') return;
    this.#state = 'aborted';
    this.#controller?.abort();
  }

  /** From now on the signal stays silent: the call is over. */
  finish(): void {
    if (this.#state === 'open') this.#state = 'finished';
  }
}

/** The call's stream of HTTP/2, which the library keeps to itself; a test holds that it is found. */
export function streamOf(call: object): object | undefined {
  return (call as { readonly call?: { readonly stream?: object } }).call?.stream;
}

/**
 * What the caller says that it waits, or the time until the deadline, less a little: an answer that says what was late must
 * leave before grpc-js itself ends the call with a bare status.
 */
function timeLeft(call: ServerCall): number | undefined {
  const deadline = call.getDeadline();
  const left = (typeof deadline === 'number' ? deadline : deadline.getTime()) - Date.now();
  if (!Number.isFinite(left)) return undefined;
  const [said] = call.metadata.get(TIMEOUT_KEY);
  const wished = typeof said === 'string' && /^[1-9]\d{0,9}$/.test(said) ? Number(said) : Infinity;
  return left > 0 ? Math.min(wished, Math.max(1, Math.floor(left - Math.min(50, left / 10)))) : 0;
}

/** What is no trace context by the W3C's rules is left out; a caller's mistake must not reach the remote system. */
function readText(metadata: Metadata, key: string, pattern: RegExp): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}
