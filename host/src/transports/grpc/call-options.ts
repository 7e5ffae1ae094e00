import type { CallOptions } from '@automate/contract';
import { TIMEOUT_KEY } from '@automate/contract/grpc';
import type { Metadata, ServerUnaryCall } from '@automate/grpc';

/** What every kind of call of grpc-js has. */
export type ServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'cancelled' | 'getDeadline' | 'once'>;

/** The options of one call, and the means to end it from here. */
export interface CallScope {
  readonly options: CallOptions;
  /** Fires the signal, as the caller's leaving does. */
  abort(): void;
  /** From now on the signal stays silent: the call is over. */
  finish(): void;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * Deadline, cancellation and trace context of a call, as the service wants them. The signal is made when first asked
 * for: most calls end before anyone does.
 */
export function openCallScope(call: ServerCall): CallScope {
  let controller: AbortController | undefined;
  let state: 'open' | 'aborted' | 'finished' = 'open';
  const abort = (): void => {
    if (state !== 'open') return;
    state = 'aborted';
    controller?.abort();
  };
  // grpc-js says `cancelled` when the caller leaves, at the deadline, and at the end of every call besides.
  call.once('cancelled', abort);
  const options: CallOptions = {
    ...timeLeft(call),
    ...traceContext(call.metadata),
    get signal() {
      if (controller === undefined) {
        controller = new AbortController();
        if (state === 'aborted' || call.cancelled) controller.abort();
      }
      return controller.signal;
    },
  };
  return { options, abort, finish: () => void (state = state === 'open' ? 'finished' : state) };
}

/**
 * What the caller says that it waits, or the time until the deadline, less a little: an answer that says what was late must
 * leave before grpc-js itself ends the call with a bare status.
 */
function timeLeft(call: ServerCall): { readonly timeoutMs?: number } {
  const deadline = call.getDeadline();
  const left = (typeof deadline === 'number' ? deadline : deadline.getTime()) - Date.now();
  if (!Number.isFinite(left)) return {};
  const [said] = call.metadata.get(TIMEOUT_KEY);
  const wished = typeof said === 'string' && /^[1-9]\d{0,9}$/.test(said) ? Number(said) : Infinity;
  return { timeoutMs: left > 0 ? Math.min(wished, Math.max(1, Math.floor(left - Math.min(50, left / 10)))) : 0 };
}

/** What is no trace context by the W3C's rules is left out; a caller's mistake must not reach the remote system. */
function traceContext(metadata: Metadata): Pick<CallOptions, 'traceparent' | 'tracestate'> {
  const [traceparent] = metadata.get('traceparent');
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return {};
  const [tracestate] = metadata.get('tracestate');
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}
