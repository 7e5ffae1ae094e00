import type { AuditFault } from '@automate/contract';

/** What the table says of itself, under seal: whose it is, how often it was written, and where its beginning was cut off. */
export interface ChainRow {
  readonly host: string;
  readonly batch: number;
  readonly cutSeq: number;
  readonly cutHash: Uint8Array;
  readonly key: string;
  readonly seal: string;
}

/** The last of some records, which the next one follows. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** A record that is to be added. */
export interface NewRow extends ChainEnd {
  /** The id of the key. */
  readonly key: string;
  /** JSON. */
  readonly body: string;
}

/** The records of one chain and what its table says of itself. */
export interface ChainRows {
  chain(): Promise<ChainRow | undefined>;
  putChain(chain: ChainRow): Promise<void>;
  last(): Promise<ChainEnd | undefined>;
  insert(rows: readonly NewRow[]): Promise<void>;
  /** The bodies of the newest that come after a record, the newest first. */
  latest(after: number, limit: number): Promise<readonly string[]>;
  oldest(limit: number): Promise<readonly (ChainEnd & { readonly body: string })[]>;
  count(): Promise<number>;
  removeUpTo(seq: number): Promise<void>;
}

/** Where a chain is kept that its host goes on with. */
export interface AuditRows {
  /** Whose chain it is; absent where the chain itself says so. */
  readonly host?: string;
  read<T>(work: (rows: ChainRows) => Promise<T>): Promise<T>;
  /** Runs while nobody else writes to the chain, and keeps all of it or nothing, beyond a power cut. `work` must bear to be run more than once. */
  write<T>(work: (rows: ChainRows) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A record as it was found, which may be anything. */
export interface FoundRow {
  readonly seq: number;
  readonly key: unknown;
  /** Whether its body is a text. */
  readonly isText: boolean;
  readonly body: Uint8Array;
  readonly hash: unknown;
}

/** A chain at one moment, as those see it who only look. */
export interface AuditView {
  /** What ails the table, whatever its records are. */
  fault(): Promise<AuditFault | undefined>;
  chain(): Promise<ChainRow | undefined>;
  /** Some records beyond one, in the order of the direction. */
  records(from: number, direction: 'up' | 'down', limit: number): Promise<readonly FoundRow[]>;
  /** The first record after this one that has another key, and the last one before that. */
  otherKey(
    seq: number,
    key: unknown,
  ): Promise<{ readonly next: Pick<FoundRow, 'seq' | 'key'> | undefined; readonly to: number }>;
}

/** Opens a chain for a look, which changes nothing, and closes it again. `work` may be run more than once. */
export type LookAtAudit = <T>(work: (view: AuditView) => Promise<T>) => Promise<T>;
