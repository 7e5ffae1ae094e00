import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CancelledError, ForbiddenError, remainingMs, TimeoutError } from '@automate/sdk';
import type { ConnectorContext, ConnectorError, Effect } from '@automate/sdk';
import type {
  Call,
  Page,
  ReadOptions,
  Session,
  SqlDatabase,
  Statement,
  StatementResult,
  Table,
  TableDescription,
  TableName,
  TablesWanted,
} from '@automate/sql';
import { isAtomic, withMargin } from '@automate/sql';
import { describeTable, listTables } from './catalogue.ts';
import type { SqliteSettings } from './config.ts';
import { MEMORY } from './config.ts';
import type { Access, Trusted } from './guard-statements.ts';
import { guardStatements } from './guard-statements.ts';
import { locateFile } from './locate-file.ts';
import { prepareForChanges, runChange } from './run-change.ts';
import { runStatement } from './run-statement.ts';
import { effectOfCommit, sqliteError } from './sqlite-error.ts';
import { traits } from './sqlite-traits.ts';

/** Milliseconds that the check of the file may wait for a lock. */
const CHECK_MS = 2000;

type Place = Pick<ConnectorContext, 'id' | 'files'>;

interface Connection {
  readonly database: DatabaseSync;
  readonly trusted: Trusted;
  /** Which file it is, even after another one has taken its path. */
  readonly identity: string;
}

/**
 * The connections of one connector: one on which SQLite refuses to write, and one that writes. They are opened when
 * first used, and anew when the file was replaced in the meantime. A database in memory has one connection for both.
 */
export class Database implements SqlDatabase {
  readonly #context: Place;
  readonly #settings: SqliteSettings;
  readonly #open = new Map<Access, Connection>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: Place, settings: SqliteSettings) {
    this.#context = context;
    this.#settings = settings;
  }

  get maxRows(): number {
    return this.#settings.max_rows;
  }

  read<T>(given: Call, _options: ReadOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const call = withMargin(given);
    return this.#inTurn(call, async () => {
      const path = locateFile(this.#context, this.#settings);
      // A file that is to be created is created by the connection that may write.
      if (path !== MEMORY && this.#settings.create && identityOf(path) === '') this.#connect(path, 'write');
      const connection = this.#connect(path, path === MEMORY ? 'write' : 'read');
      waitForLocks(connection, this.#settings, call);
      const session = sessionOf(connection, (statement, page) => ({
        rows_affected: 0,
        ...runStatement(connection.database, statement, { page, deadline: call.deadline }),
      }));
      refuseToWrite(connection, true);
      try {
        return await work(session);
      } catch (error) {
        throw sqliteError(error, 'none', true) ?? error;
      } finally {
        if (path === MEMORY) refuseToWrite(connection, false);
      }
    });
  }

  change(given: Call, statement: Statement, page: Page): Promise<StatementResult> {
    const call = withMargin(given);
    return this.#inTurn(call, async () => {
      const connection = this.#writer(call);
      const { database } = connection;
      if (!isAtomic(traits.grammar, statement.sql))
        return explained(() => runChange(database, statement, page, Infinity), effectOfCommit);
      return this.#commit(connection, call, 'BEGIN', async () => runChange(database, statement, page, call.deadline));
    });
  }

  transact<T>(given: Call, _isolation: undefined, work: (session: Session) => Promise<T>): Promise<T> {
    const call = withMargin(given);
    return this.#inTurn(call, async () => {
      const connection = this.#writer(call);
      const session = sessionOf(connection, (statement, page) =>
        runChange(connection.database, statement, page, call.deadline),
      );
      return this.#commit(connection, call, 'BEGIN IMMEDIATE', () => work(session));
    });
  }

  async listTables(session: Session, wanted: TablesWanted): Promise<Table[]> {
    return listTables(databaseOf(session), wanted);
  }

  async describeTable(session: Session, { schema, table }: TableName): Promise<TableDescription | undefined> {
    return schema === undefined || schema === 'main' ? describeTable(databaseOf(session), table) : undefined;
  }

  /** Reads the file's header, which a file that is no database does not have. */
  check({ deadline, signal }: Call): Promise<void> {
    // Waiting for a lock blocks the thread.
    const call = { deadline: Math.min(deadline, Date.now() + CHECK_MS), signal };
    return this.read(call, { rows: 1 }, async (session) => {
      databaseOf(session).prepare('SELECT count(*) FROM sqlite_schema').get();
    });
  }

  /**
   * Both connections serve one call at a time: what it leaves behind between two statements is no other's business.
   * Errors that come before anything could be committed had no effect.
   */
  #inTurn<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      refuseEnded(call);
      return work().catch((error: unknown) => {
        throw sqliteError(error, 'none') ?? error;
      });
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * Does work in a transaction. A thread that is ended while a statement runs never comes to the COMMIT: what the
   * statement did is undone with its connection.
   */
  async #commit<T>(connection: Connection, call: Call, begin: string, work: () => Promise<T>): Promise<T> {
    const { database, trusted } = connection;
    trusted(() => database.exec(begin));
    try {
      const result = await work();
      refuseEnded(call);
      waitForLocks(connection, this.#settings, call);
      explained(() => trusted(() => database.exec('COMMIT')), effectOfCommit);
      return result;
    } catch (error) {
      this.#undo(connection);
      throw error;
    }
  }

  /** A connection that cannot be brought back to where nothing is open is closed, which undoes what is. */
  #undo({ database, trusted }: Connection): void {
    try {
      // Some errors have SQLite undo the transaction by itself.
      if (database.isTransaction) trusted(() => database.exec('ROLLBACK'));
    } catch {
      this.#drop('write');
    }
  }

  #writer(call: Call): Connection {
    if (this.#settings.read_only)
      throw new ForbiddenError(`connector "${this.#context.id}" only reads (settings.read_only)`, {
        details: { reason: 'read_only' },
      });
    const connection = this.#connect(locateFile(this.#context, this.#settings), 'write');
    waitForLocks(connection, this.#settings, call);
    return connection;
  }

  normalizeError(error: unknown): ConnectorError | undefined {
    return sqliteError(error, 'maybe');
  }

  close(): void {
    for (const access of [...this.#open.keys()]) this.#drop(access);
  }

  #connect(path: string, access: Access): Connection {
    const known = this.#open.get(access);
    // A connection to a file that was removed goes on working, on data that nobody else will ever see.
    if (known !== undefined && known.identity === identityOf(path)) return known;
    this.#drop(access);
    const { read_only: readOnly, busy_timeout_ms: timeout } = this.#settings;
    // One that reads has to be able to write as well: to undo what a program left that was ended in the middle of a change.
    const database = new DatabaseSync(path, { readOnly, timeout });
    try {
      if (access === 'write') {
        // What is acknowledged outlives a loss of power.
        database.exec('PRAGMA synchronous = EXTRA');
        prepareForChanges(database);
      }
      const connection = { database, trusted: guardStatements(database, access), identity: identityOf(path) };
      this.#open.set(access, connection);
      return connection;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #drop(access: Access): void {
    this.#open.get(access)?.database.close();
    this.#open.delete(access);
  }
}

/** What work is given here has the database with it. */
function sessionOf({ database }: Connection, run: (statement: Statement, page: Page) => StatementResult): Session {
  return Object.assign({ run: async (statement: Statement, page: Page) => run(statement, page) }, { database });
}

const databaseOf = (session: Session): DatabaseSync => (session as Session & Connection).database;

/** Waiting for a lock blocks the thread, so never longer than the call has time. */
function waitForLocks({ database, trusted }: Connection, settings: SqliteSettings, { deadline }: Call): void {
  const patience = Math.floor(Math.min(settings.busy_timeout_ms, remainingMs(deadline)));
  trusted(() => database.exec(`PRAGMA busy_timeout = ${patience}`));
}

function refuseToWrite({ database, trusted }: Connection, refuse: boolean): void {
  trusted(() => database.exec(`PRAGMA query_only = ${refuse ? 1 : 0}`));
}

/** Nothing is begun or committed for a caller who has been answered. */
function refuseEnded({ deadline, signal }: Call): void {
  if (signal.aborted && Date.now() < deadline)
    throw new CancelledError('the caller cancelled the call; nothing was changed', { effect: 'none' });
  if (Date.now() > deadline)
    throw new TimeoutError('the call did not end before its deadline; nothing was changed', { effect: 'none' });
}

/** Errors of SQLite's say what became of the work. */
function explained<T>(work: () => T, effectOf: (error: unknown) => Effect): T {
  try {
    return work();
  } catch (error) {
    throw sqliteError(error, effectOf(error)) ?? error;
  }
}

/** Tells files of one path apart; empty where there is none. */
function identityOf(path: string): string {
  if (path === MEMORY) return MEMORY;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}
