import type { Principal } from './principal.ts';

/** How far a call is, as its connector tells on the way. */
export interface CallProgress {
  /** Grows from report to report. */
  readonly progress: number;
  /** What it grows to; absent: nobody knows. */
  readonly total?: number;
  /** What is being done, in a few words. */
  readonly message?: string;
}

/** What every call that can wait takes. */
export interface CallOptions {
  /** How long the caller will wait for everything, retries included, in milliseconds. */
  readonly timeoutMs?: number;
  /** Ends the call with CANCELLED when it fires. */
  readonly signal?: AbortSignal;
  /** W3C trace context of the caller, so that its trace goes on in the connector: the `traceparent` header's value. */
  readonly traceparent?: string;
  /** The `tracestate` header's value. */
  readonly tracestate?: string;
  /** Who calls. Default: `local`, who may do anything. Doors say it; a client over the network cannot. */
  readonly principal?: Principal;
  /** The door that the call came through, for the records: `grpc`, `rest`, `mcp`. Default: `local`. */
  readonly door?: string;
  /** Hears how far a call of an action is, of connectors that tell it; must not throw. */
  readonly onProgress?: (now: CallProgress) => void;
}
