import type { CallOptions } from './call-options.ts';
import type { ChangeResult } from './change-result.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import type { JsonValue } from './json.ts';

export const OUTCOME_STATUSES = ['running', 'succeeded', 'failed', 'unknown'] as const;

/** How a call stands: `unknown` when it cannot be known whether it took effect. */
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/** What is kept of a call that had an idempotency key. Times are ISO 8601. */
export interface KeptOutcome {
  /** Id of the connector. */
  readonly connector: string;
  readonly key: string;
  readonly action: string;
  readonly status: OutcomeStatus;
  /** SHA-256 of the payload's JSON text, in hexadecimal digits. */
  readonly payloadSha256: string;
  readonly startedAt: string;
  /** Absent while it runs, and where its host ended before it was over. */
  readonly endedAt?: string;
  /** When it is forgotten. Absent: not before it is cleared. */
  readonly expiresAt?: string;
  /** Tries that it took. */
  readonly attempts?: number;
  /** Where it succeeded and the result is not too large to be kept. */
  readonly result?: JsonValue;
  /** SHA-256 of the JSON text of a result that was too large. */
  readonly resultSha256?: string;
  /** Where it failed, or its caller left. */
  readonly error?: ErrorEnvelope;
}

/** The caller's own idempotency key, or, for the scope `admin`, that of the principal of this name. */
export type OutcomeKey = string | { readonly key: string; readonly principal: string };

/** What was kept of calls with idempotency keys: each caller's are its own, and an admin's are all. */
export interface OutcomeOperations {
  /** What is known of the call that was made with this key. NOT_FOUND where none is kept. */
  getOutcome(id: string, key: OutcomeKey, options?: CallOptions): Promise<KeptOutcome>;
  /** Forgets it, so that the key may be used for a new call. ALREADY_EXISTS, reason `in_progress`, while the call runs. */
  clearOutcome(id: string, key: OutcomeKey, options?: CallOptions): Promise<ChangeResult>;
}
