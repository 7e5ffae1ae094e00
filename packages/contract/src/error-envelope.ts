import type { Blame, Effect, ErrorCode } from './error-codes.ts';
import type { JsonObject } from './json.ts';
import type { Problem } from './problem.ts';

/** An error as data: what crosses threads, processes and networks, and becomes the same class again on the other side. */
export interface ErrorEnvelope {
  readonly code: ErrorCode;
  /** Name of the class, `UnknownActionError`, so that a subclass of a code comes out as it went in. */
  readonly name: string;
  /** Safe to show to the caller. */
  readonly message: string;
  readonly retryable: boolean;
  readonly effect: Effect;
  readonly blame: Blame;
  /** How long to wait before another try, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Free facts about the failure, redacted: `{ status: 503, reason: 'out_of_memory' }`. */
  readonly details?: JsonObject;
  /** Every problem of a refused input. */
  readonly problems?: readonly Problem[];
  /** How often the host tried the call; absent where nothing was tried. */
  readonly attempts?: number;
  /** Id of the connector concerned. */
  readonly connector?: string;
}

/** The result of work whose failure is data: never thrown through a thread or a pool. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorEnvelope };
