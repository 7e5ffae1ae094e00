import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ForbiddenError, TimeoutError } from '@automate/sdk';
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
import { describeTable, listTables } from './catalogue.ts';
import type { SqliteSettings } from './config.ts';
import { MEMORY } from './config.ts';
import type { StatementGuard } from './guard-statements.ts';
import { guardStatements } from './guard-statements.ts';
import { locateFile } from './locate-file.ts';
import { refuseOpenTransaction, runChange } from './run-change.ts';
import { runStatement } from './run-statement.ts';

/** An open database and what its statements may do. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly guard: StatementGuard;
}

type Access = 'read' | 'write';

interface Opened extends OpenDatabase {
  readonly identity: string;
}

/**
 * The connections of one connector: one that SQLite opens for reading only, and one that writes. They are opened when
 * first used, and anew when the file was replaced in the meantime. A database in memory has one connection for both.
 */
export class Database implements SqlDatabase, Disposable {
  readonly #id: string;
  readonly #settings: SqliteSettings;
  readonly #open = new Map<Access, Opened>();
  readonly #databases = new WeakMap<Session, DatabaseSync>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(id: string, settings: SqliteSettings) {
    this.#id = id;
    this.#settings = settings;
  }

  get maxRows(): number {
    return this.#settings.max_rows;
  }

  read<T>({ deadline }: Call, _options: ReadOptions, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inTurn(() =>
      this.#read(deadline, ({ database }) =>
        work(this.#sessionOf(database, (statement, page) => runRead(database, statement, page, deadline))),
      ),
    );
  }

  change({ deadline }: Call, statement: Statement, page: Page): Promise<StatementResult> {
    return this.#inTurn(async () =>
      this.#write(deadline, ({ database }) => {
        try {
          return runChange(database, statement, page, deadline);
        } finally {
          refuseOpenTransaction(database);
        }
      }),
    );
  }

  transact<T>({ deadline }: Call, _isolation: undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inTurn(() =>
      this.#write(deadline, async ({ database, guard }) => {
        const session = this.#sessionOf(database, (statement, page) => {
          if (Date.now() > deadline)
            throw new TimeoutError('the transaction did not end before the deadline of the call; nothing was changed', {
              effect: 'none',
            });
          return guard.withinTransaction(() => runChange(database, statement, page, deadline));
        });
        database.exec('BEGIN IMMEDIATE');
        try {
          const result = await work(session);
          database.exec('COMMIT');
          return result;
        } catch (error) {
          if (database.isTransaction) database.exec('ROLLBACK');
          throw error;
        }
      }),
    );
  }

  async listTables(session: Session, wanted: TablesWanted): Promise<Table[]> {
    return listTables(this.#databaseOf(session), wanted);
  }

  async describeTable(session: Session, { schema, table }: TableName): Promise<TableDescription | undefined> {
    return schema === undefined || schema === 'main' ? describeTable(this.#databaseOf(session), table) : undefined;
  }

  /** Waits for a lock on the file's schema, which a file that is no database does not have. */
  check(deadline: number): Promise<void> {
    return this.#inTurn(() =>
      this.#read(deadline, async ({ database }) => {
        database.prepare('SELECT count(*) FROM sqlite_schema').get();
      }),
    );
  }

  /** Both connections serve one call at a time: what it leaves behind between two statements is no other's business. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #sessionOf(database: DatabaseSync, run: (statement: Statement, page: Page) => StatementResult): Session {
    const session: Session = { run: async (statement, page) => run(statement, page) };
    this.#databases.set(session, database);
    return session;
  }

  #databaseOf(session: Session): DatabaseSync {
    const database = this.#databases.get(session);
    if (database === undefined) throw new TypeError('the session is of another database');
    return database;
  }

  /** Does work on a connection on which SQLite refuses to write. */
  async #read<T>(deadline: number, work: (open: OpenDatabase) => Promise<T>): Promise<T> {
    const path = locateFile(this.#id, this.#settings);
    // A file that is to be created is created by the connection that may write.
    if (path !== MEMORY && this.#settings.create && identityOf(path) === '') this.#connect(path, 'write');
    const open = this.#connect(path, path === MEMORY ? 'write' : 'read');
    this.#wait(open, deadline);
    if (path !== MEMORY) return await work(open);
    const only = (value: 0 | 1): void => open.guard.trusted(() => open.database.exec(`PRAGMA query_only = ${value}`));
    only(1);
    try {
      return await work(open);
    } finally {
      only(0);
    }
  }

  /** Does work on the connection that may write. */
  #write<T>(deadline: number, work: (open: OpenDatabase) => T): T {
    if (this.#settings.read_only)
      throw new ForbiddenError(`connector "${this.#id}" only reads (settings.read_only)`, {
        details: { reason: 'read_only' },
      });
    const open = this.#connect(locateFile(this.#id, this.#settings), 'write');
    this.#wait(open, deadline);
    return work(open);
  }

  close(): void {
    for (const access of [...this.#open.keys()]) this.#drop(access);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(path: string, access: Access): OpenDatabase {
    const known = this.#open.get(access);
    // A connection to a file that was removed goes on working, on data that nobody else will ever see.
    if (known !== undefined && known.identity === identityOf(path)) return known;
    this.#drop(access);
    const database = new DatabaseSync(path, {
      readOnly: access === 'read',
      timeout: this.#settings.busy_timeout_ms,
    });
    const opened = { database, guard: guardStatements(database), identity: identityOf(path) };
    this.#open.set(access, opened);
    return opened;
  }

  #drop(access: Access): void {
    this.#open.get(access)?.database.close();
    this.#open.delete(access);
  }

  /** Waiting for a lock blocks the thread, so never longer than the call has time. */
  #wait({ database, guard }: OpenDatabase, deadline: number): void {
    const patience = Math.max(0, Math.min(this.#settings.busy_timeout_ms, deadline - Date.now()));
    guard.trusted(() => database.exec(`PRAGMA busy_timeout = ${patience}`));
  }
}

/** Tells files of one path apart; empty where there is none. */
function identityOf(path: string): string {
  if (path === MEMORY) return MEMORY;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}

function runRead(database: DatabaseSync, statement: Statement, page: Page, deadline: number): StatementResult {
  return { rows_affected: 0, ...runStatement(database, statement, { page, deadline }) };
}
