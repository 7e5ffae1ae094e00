import type { Principal } from './principal.ts';

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
  /** The door that the call came through, for the records: `grpc`, `rest`. Default: `local`. */
  readonly door?: string;
}
