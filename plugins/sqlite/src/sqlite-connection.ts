import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { remainingMs, TimeoutError, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, Effect } from '@automate/sdk';
import type { Begin, Page, SqlConnection, Statement, StatementResult } from '@automate/sql';
import type { SqliteSettings } from './config.ts';
import { MEMORY } from './config.ts';
import type { Access, Trusted } from './guard-statements.ts';
import { guardStatements } from './guard-statements.ts';
import { locateFile } from './locate-file.ts';
import { FORGET_LAST_INSERT, prepareForChanges, runChange } from './run-change.ts';
import { runStatement } from './run-statement.ts';

/** Milliseconds that the check of the file may wait for a lock. */
const CHECK_MS = 2000;

interface Opened {
  readonly database: DatabaseSync;
  readonly trusted: Trusted;
  readonly path: string;
  /** Which file it is, even after another one has taken its path. */
  readonly identity: string;
}

/**
 * What a connector has open: a database on which SQLite refuses to write, and one that writes. They are opened when first
 * used, and anew when the file was replaced in the meantime. A database in memory is one for both.
 */
export type OpenDatabases = Map<Access, Opened>;

/** Serves one call at a time: what that leaves behind between two statements is no other's business. */
export class SqliteConnection implements SqlConnection {
  readonly #context: ConnectorContext;
  readonly #settings: SqliteSettings;
  readonly #databases: OpenDatabases;
  #used: Opened | undefined;
  #reads = false;
  #deadline = 0;
  isOpen = true;
  readonly isIdle = true;

  constructor(context: ConnectorContext, settings: SqliteSettings, databases: OpenDatabases) {
    this.#context = context;
    this.#settings = settings;
    this.#databases = databases;
  }

  async begin({ mode, single, deadline }: Begin): Promise<void> {
    const reads = mode === 'reading';
    this.#use(reads ? 'read' : 'write', deadline);
    this.#exec(`PRAGMA query_only = ${reads ? 1 : 0}`);
    // What no transaction undoes comes to its end.
    if (mode === 'open_ended') this.#deadline = Number.POSITIVE_INFINITY;
    // What reads first and writes then would not wait for a lock in between.
    else if (!reads) this.#exec(single === true ? 'BEGIN' : 'BEGIN IMMEDIATE');
  }

  async run(statement: Statement, page: Page): Promise<StatementResult> {
    const { database } = this.#opened;
    const deadline = this.#deadline;
    if (this.#reads) return { rows_affected: 0, ...runStatement(database, statement, { page, deadline }) };
    this.#exec(FORGET_LAST_INSERT);
    return runChange(database, statement, page, deadline);
  }

  /**
   * A thread that is ended while a statement runs never comes here: what the statement did is undone with its database.
   */
  async commit(): Promise<void> {
    this.#waitForLocks(this.#deadline);
    this.#refuseReplaced('none');
    this.#exec('COMMIT');
    this.#refuseReplaced('maybe');
  }

  /** A database that cannot be brought back to where nothing is open is closed, which undoes what is. */
  async reset(): Promise<void> {
    try {
      // Some errors have SQLite undo the transaction by itself.
      if (this.#used?.database.isTransaction === true) this.#exec('ROLLBACK');
    } catch {
      this.#drop('write');
    }
    this.#used = undefined;
  }

  /** A statement that runs holds the thread. */
  async cancel(): Promise<void> {}

  async close(): Promise<void> {
    this.isOpen = false;
    this.#drop('read');
    this.#drop('write');
  }

  /** A database in memory would be lost. */
  destroy(): void {
    this.isOpen = false;
    for (const [access, { database, identity, trusted }] of this.#databases)
      if (identity !== MEMORY) this.#drop(access);
      else if (database.isTransaction) trusted(() => database.exec('ROLLBACK'));
  }

  /** Reads the file's header, which a file that is no database does not have. */
  async check(): Promise<string> {
    // Waiting for a lock blocks the thread.
    this.#waitForLocks(Math.min(this.#deadline, Date.now() + CHECK_MS));
    const sql = 'SELECT sqlite_version() AS version, count(*) FROM sqlite_schema';
    return String(this.#opened.database.prepare(sql).get()?.['version']);
  }

  /** While a change waits for a lock, its file can be replaced: SQLite would go on in the one that nobody sees any more. */
  #refuseReplaced(effect: Effect): void {
    const { path, identity } = this.#opened;
    if (identityOf(path) !== identity) throw replaced(effect);
  }

  get #opened(): Opened {
    if (this.#used !== undefined) return this.#used;
    throw new Error('a statement came before its beginning');
  }

  /** Runs what may do anything, as it is the connector's own. */
  #exec(sql: string): void {
    const { database, trusted } = this.#opened;
    trusted(() => database.exec(sql));
  }

  #use(access: Access, deadline: number): void {
    const path = locateFile(this.#context, this.#settings);
    // A file that is to be created is created by the database that may write.
    if (path !== MEMORY && this.#settings.create && identityOf(path) === '') this.#open(path, 'write');
    this.#used = this.#open(path, path === MEMORY ? 'write' : access);
    this.#reads = access === 'read';
    this.#deadline = deadline;
    this.#waitForLocks(deadline);
  }

  #open(path: string, access: Access): Opened {
    const known = this.#databases.get(access);
    // A connection to a file that was removed goes on working, on data that nobody else will ever see.
    if (known !== undefined && known.identity === identityOf(path)) return known;
    this.#drop(access);
    const { read_only: readOnly, busy_timeout_ms: timeout } = this.#settings;
    // One that reads has to be able to write as well: to undo what a program left that was ended in the middle of a change.
    const database = new DatabaseSync(path, { readOnly, timeout });
    try {
      // On the way to it a folder may have become a link.
      if (path !== MEMORY && locateFile(this.#context, this.#settings) !== path) throw replaced('none');
      if (access === 'write') {
        // What is acknowledged outlives a loss of power.
        database.exec('PRAGMA synchronous = EXTRA');
        prepareForChanges(database);
      }
      const opened = { database, trusted: guardStatements(database, access), path, identity: identityOf(path) };
      this.#databases.set(access, opened);
      return opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #drop(access: Access): void {
    this.#databases.get(access)?.database.close();
    this.#databases.delete(access);
  }

  /**
   * Waiting for a lock blocks the thread, so never longer than the call has time. Nothing is begun or committed for a
   * caller who has been answered.
   */
  #waitForLocks(deadline: number): void {
    if (Date.now() > deadline)
      throw new TimeoutError('the call did not end before its deadline; nothing was changed', { effect: 'none' });
    const patience = Math.floor(Math.min(this.#settings.busy_timeout_ms, remainingMs(deadline)));
    this.#exec(`PRAGMA busy_timeout = ${patience}`);
  }
}

function replaced(effect: Effect): UpstreamError {
  return new UpstreamError('the file was replaced or removed while it was used', {
    effect,
    details: { reason: 'file_replaced' },
  });
}

/** Tells files of one path apart; empty where there is none. */
function identityOf(path: string): string {
  if (path === MEMORY) return MEMORY;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}
