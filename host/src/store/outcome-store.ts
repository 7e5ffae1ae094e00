/** What an outcome is kept under. */
export interface OutcomePlace {
  readonly connector: string;
  /** Name of the principal that called. */
  readonly principal: string;
  /** The caller's idempotency key. */
  readonly key: string;
}

/** A call that is about to be made. */
export interface OutcomeClaim extends OutcomePlace {
  readonly action: string;
  /** SHA-256 of the payload's text, in hexadecimal digits. */
  readonly payloadSha256: string;
}

/** How a call ended. */
export interface CallEnd {
  /** `unknown`: whether it took effect is not known, and will not be. */
  readonly status: 'succeeded' | 'failed' | 'unknown';
  /** Tries that it took. */
  readonly attempts: number;
  /** JSON text: the result, or the error's envelope. Absent where a result is too large to be kept. */
  readonly text?: string;
  /** SHA-256 of the result's text, where that is not kept. */
  readonly resultSha256?: string;
  /** Until when it is kept, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What is known of a call. Times are milliseconds since the epoch. */
export interface StoredOutcome extends Partial<Omit<CallEnd, 'status'>> {
  readonly action: string;
  readonly payloadSha256: string;
  /** `unknown` without `endedAt`: the host that made the call ended before its end was written down, or, with `text`, could not write it. */
  readonly status: 'running' | CallEnd['status'];
  readonly startedAt: number;
  readonly endedAt?: number;
}

/**
 * Keeps how calls with idempotency keys ended. A method that has resolved has written durably: a process killed the moment after
 * loses nothing. Methods reject with an UnavailableError in words for the operator where the storage fails. What runs, and what a
 * host left unfinished, is kept until it is cleared; all else until it expires.
 */
export interface OutcomeStore {
  /** Takes the place for a call, or gives what is known of the one that has it: undefined means that the call is to be made, and ended with `end`. */
  begin(claim: OutcomeClaim): Promise<StoredOutcome | undefined>;
  /**
   * How the call ended that has this place; `nothing`: as if it had never been made. Where that cannot be written it rejects; it is kept in memory, and written as soon as it can be.
   * Gives what stands there where the word came too late, as others have found meanwhile that this host does not live: that stays.
   */
  end(place: OutcomePlace, end: CallEnd | 'nothing'): Promise<StoredOutcome | undefined>;
  find(place: OutcomePlace): Promise<StoredOutcome | undefined>;
  /** Frees the place, unless its call is running. Gives what was known. */
  clear(place: OutcomePlace): Promise<StoredOutcome | undefined>;
  /** What is kept for ever of connectors other than these is kept until then. */
  age(connectors: readonly string[], expiresAt: number): Promise<void>;
  /** Forgets all of a connector. */
  forget(connector: string): Promise<void>;
  close(): Promise<void>;
}
