import type { CallOptions } from './call-options.ts';
import type { ErrorCode } from './error-codes.ts';
import type { HostCallOptions } from './host-operations.ts';

/** What a record is about: a call, a change of connectors, secrets or tokens, a read that was refused, a caller who was turned away, a package, the host itself. */
export const AUDIT_KINDS = ['execute', 'change', 'read', 'sign_in', 'plugin', 'host'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** How it ended; `BEGUN` of a change that was about to be made, whose end is a record of its own. */
export type AuditCode = ErrorCode | 'OK' | 'BEGUN';

/** One thing that happened. No payload, no result and no secret is ever among it. */
export interface AuditRecord {
  /** From 1, one more with each record of the same host. */
  readonly seq: number;
  /** When it ended, in UTC, as ISO 8601 with milliseconds. */
  readonly at: string;
  readonly kind: AuditKind;
  /** What was asked: `execute`, `register`, `setSecret`; of the host's own doings `start`, `reload`, `rescan`, `trim`. */
  readonly operation: string;
  /** Who asked: `local`, or the name of a token or certificate. `host` where nobody did. */
  readonly principal: string;
  /** The door that it came through: `grpc`, `rest`, `local`. */
  readonly door: string;
  readonly connector?: string;
  readonly action?: string;
  /** What else it was about: the name of a secret, profile, token or package. */
  readonly subject?: string;
  readonly code: AuditCode;
  /** From arrival to answer, in milliseconds. */
  readonly durationMs?: number;
  /** Tries that a call took. */
  readonly attempts?: number;
  /** The idempotency key of a call. */
  readonly key?: string;
  /** 32 hexadecimal digits. */
  readonly traceId?: string;
  /** SHA-256 of a call's payload as it came, in hexadecimal digits. */
  readonly payloadSha256?: string;
  /** The record of the beginning of a change whose end this is. */
  readonly begun?: number;
  /** What this record says of itself and all before it, as 64 hexadecimal digits: note it down elsewhere, and `verifyAudit` can be held to it. */
  readonly hash: string;
  /** The id of the host in whose chain it is. Absent unless those of all hosts were asked for, and are several. */
  readonly host?: string;
}

export interface AuditFilter {
  /** From this moment on, as ISO 8601. */
  readonly since?: string;
  /** Before this moment, as ISO 8601. */
  readonly until?: string;
  readonly principal?: string;
  readonly connector?: string;
  readonly action?: string;
  readonly operation?: string;
  readonly code?: AuditCode;
  /** Default: the newest first. */
  readonly order?: 'newest' | 'oldest';
  /**
   * Of this host alone, by its id, whether it lives or not; `all`: of all that share a store, in order of time. Default: of the host that is asked.
   */
  readonly host?: string;
  /** `next` of the page before. */
  readonly cursor?: number | string;
  /** Most records of a page, from 1 to 1000. Default 100. */
  readonly limit?: number;
}

export interface AuditPage {
  /** May be fewer than asked for, and none, while there are more to come. */
  readonly records: readonly AuditRecord[];
  /** The cursor of the next page, a text where the records are of several hosts; absent on the last. */
  readonly next?: number | string;
}

export interface AuditExpectation {
  /** A record that must be there, as somebody noted it down elsewhere. */
  readonly seq: number;
  readonly hash: string;
}

/** What `verifyAudit` found. */
export interface AuditVerdict {
  readonly ok: boolean;
  /** The id of the host whose chain it is. */
  readonly host: string;
  /** Records that were read. */
  readonly records: number;
  /** The oldest and the newest of them, 0 where there is none. Older ones than `first` were cut off by age or number, under seal. */
  readonly first: number;
  readonly last: number;
  /** The hash of the newest. */
  readonly hash: string;
  /** Records that were written in the moment when the host was killed, after the seal. */
  readonly unsealed: number;
  /**
   * Whether records are missing at the end cannot be told, as what says how far they went lies with their host, which does not live. One that
   * was noted down elsewhere, the expectation, shows that none is missing up to that one.
   */
  readonly unprovenEnd?: true;
  /** The first that is wrong, and how; absent when all is well. */
  readonly fault?: AuditFault;
}

export interface AuditFault {
  /** The record; absent where it is the seal that is wrong. */
  readonly seq?: number;
  /** A sentence. */
  readonly message: string;
}

/** The records of what was done with a host, by whom. */
export interface AuditOperations {
  /** Records that the filter lets through. Rejects with UNAVAILABLE, reason `audit_off`, where none were ever kept. */
  listAudit(filter?: AuditFilter, options?: CallOptions): Promise<AuditPage>;
  /**
   * Reads all records of one host, whether it lives or not, and says whether one was changed, removed, put in or moved. NOT_FOUND where no host of
   * that id lives or has records.
   */
  verifyAudit(expected?: AuditExpectation, options?: HostCallOptions): Promise<AuditVerdict>;
}
