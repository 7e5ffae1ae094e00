import type { CallContext, ConnectorError } from '@automate/sdk';
import type { Grammar } from './grammar.ts';
import type { Effects } from './outcome.ts';
import type { StatementResult } from './result-schemas.ts';
import type { Page } from './results.ts';
import type { Statement } from './schemas.ts';
import type { TableDescription } from './table-schemas.ts';

/** The part of a call's context that its statements are bound to. */
export type Call = Pick<CallContext, 'deadline' | 'signal'>;

/** What is known of a database system before any server is spoken to. */
export interface Traits {
  /** `PostgreSQL`. */
  readonly name: string;
  /** How a statement names its parameters, as half a sentence. */
  readonly placeholder: string;
  readonly grammar: Grammar;
  /** Isolation levels of transactions, and which one is the default. Absent: there is but one. */
  readonly isolation?: { readonly levels: readonly [string, ...string[]]; readonly default: string };
  /** What a schema is there, for the input `schema`. */
  readonly schema: string;
  readonly tableTypes: readonly [string, ...string[]];
  /** A name between quotes. */
  readonly quote: (name: string) => string;
  /** How a statement names its parameter of this number, counted from 1. */
  readonly parameter: (number: number) => string;
  /** Most parameters of one statement. */
  readonly maxParameters: number;
  /** The end of an INSERT that updates these columns of rows whose key is there. */
  readonly upsert: (key: readonly string[], columns: readonly string[]) => string;
  /** Whether the server inserts where no unique index has the columns of `upsert`'s key, instead of refusing. */
  readonly upsertsByAnyKey?: boolean;
  /** Whether ORDER BY puts nulls behind all else. */
  readonly nullsLast: boolean;
  /** Types, as results name them, whose order is not that of comparisons. */
  readonly unordered?: readonly string[];
}

/** Where statements are run. */
export interface Session {
  /** Most bytes of a statement and its parameters; absent: as many as callers may send. */
  readonly maxBytes?: number;
  /** Runs one statement to its end, or as far as the page goes where it only reads. */
  run(statement: Statement, page: Page): Promise<StatementResult>;
}

export interface TableName {
  readonly schema?: string | undefined;
  readonly table: string;
}

/** What an error of a server or its driver means. */
export interface Fault {
  readonly error: ConnectorError;
  /** `usable`: the server only refused a statement. `broken`: nobody knows what the session does. `demoted`: the server does not take changes any more, so that no connection to it is of use. */
  readonly session: 'usable' | 'broken' | 'demoted';
  /** The server says that it cancelled the statement. */
  readonly cancelled?: boolean;
}

/** Where an error came. */
export interface Circumstances {
  /** `Dialect.server` */
  readonly server: string;
  readonly effects: Effects;
  /** In a transaction of ours that only reads. */
  readonly reading: boolean;
}

export interface ServerState {
  readonly version: string;
  /** Whether it takes changes now: a replica and a server that was demoted do not. */
  readonly takesChanges: boolean;
}

/** How a connection is made ready for what a call does. */
export interface Begin {
  /** A transaction in which nothing can be written, one that can be undone, or none: for what no transaction undoes. */
  readonly mode: 'reading' | 'transaction' | 'open_ended';
  readonly isolation?: string | undefined;
  /** Whether one statement is all that it will be. */
  readonly single?: boolean;
  /** When the call is given up, in milliseconds since the epoch. */
  readonly deadline: number;
  /** How long each of its statements may take in the server, in milliseconds: a little longer, as it is known then who stopped it. */
  readonly timeoutMs: number;
  /** Rows that will be looked at, at most; absent where statements run to their end. */
  readonly rows?: number;
}

/** One connection to a server. */
export interface SqlConnection extends Session {
  begin(options: Begin): Promise<void>;
  /** Rejects where the server rolled back instead. */
  commit(): Promise<void>;
  /**
   * Undoes the transaction that is open. False: something of it stays. Only where a server may keep something; what a
   * transaction did before the connection broke is then not known.
   */
  rollback?(): Promise<boolean>;
  /** Ends a transaction that is open, and has the server forget what the call set. */
  reset(): Promise<void>;
  /**
   * Asks the server to stop what the connection is doing. Whether that arrived shows in the statement. Fulfilled when the
   * server has seen to it, so that nothing that comes later is hit; never rejects.
   */
  cancel(): Promise<void>;
  /** Takes leave of the server; never rejects. */
  close(): Promise<void>;
  /** Ends it at once, whatever the server is doing. */
  destroy(): void;
  readonly isOpen: boolean;
  /** Whether it can be made good as new after an error of ours, as it waits for nothing or does one thing after the other. */
  readonly isIdle: boolean;
}

/** A database system, and one of its databases. */
export interface Dialect {
  readonly traits: Traits;
  /** The server with its address, for messages: `PostgreSQL at db:5432`. */
  readonly server: string;
  /** Most connections at once, where more would wait for each other all the same. */
  readonly maxConnections?: number;
  /** Opens a connection, unless the signal fires before. */
  connect(giveUp: AbortSignal): Promise<SqlConnection>;
  /**
   * A statement that lists tables by `schema`, `name` and `type`. Its parameters: a schema or null, the schema and the name
   * behind which the list begins, and how many are wanted.
   */
  readonly tables: string;
  /** Undefined: there is no such table. */
  describeTable(session: Session, name: TableName): Promise<TableDescription | undefined>;
  /** What a session tells of its server. */
  check(session: Session): Promise<ServerState>;
  /** Undefined for an error that is neither the server's nor its driver's. */
  explain(error: unknown, circumstances: Circumstances): Fault | undefined;
}
