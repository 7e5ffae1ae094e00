import type { Socket } from 'node:net';
import type { Begin, Page, SqlConnection, Statement, StatementResult } from '@automate/sql';
import mysql from 'mysql2';
import type { Connection, ConnectionOptions } from 'mysql2';
import { runStatement } from './run-statement.ts';

/** How long cancelling and leaving may take, in milliseconds. */
const GRACE_MS = 1000;

const ISOLATION: Readonly<Record<string, string>> = {
  read_committed: 'READ COMMITTED',
  repeatable_read: 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
};

/** What the driver's published types leave out. */
interface Inner {
  readonly _isMariaDB?: boolean;
  readonly stream: Socket;
  reset(done: (error: unknown) => void): void;
}

/** One session of a server. */
export class MysqlConnection implements SqlConnection {
  readonly #connection: Connection;
  readonly #inner: Inner;
  readonly #options: ConnectionOptions;
  #isOpen = true;

  static async open(options: ConnectionOptions): Promise<MysqlConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const connection = mysql.createConnection(options);
    connection.once('connect', () => resolve());
    connection.once('error', reject);
    try {
      await promise;
      return new MysqlConnection(connection, options);
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  private constructor(connection: Connection, options: ConnectionOptions) {
    this.#connection = connection;
    this.#inner = connection as unknown as Inner;
    this.#options = options;
    // Without a listener a connection that breaks while nobody uses it would end the worker.
    connection.on('error', () => (this.#isOpen = false));
    connection.on('end', () => (this.#isOpen = false));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async begin({ readOnly, isolation, timeoutMs, rows }: Begin): Promise<void> {
    await this.prepare({ timeoutMs, ...(rows === undefined ? {} : { rows }) });
    if (isolation !== undefined) await this.#send(`SET TRANSACTION ISOLATION LEVEL ${ISOLATION[isolation]}`);
    await this.#send(`START TRANSACTION${readOnly ? ' READ ONLY' : ''}`);
  }

  /** Sets the session to UTC, a time limit of the server's own, and no more rows than wanted. */
  async prepare({ timeoutMs, rows }: Pick<Begin, 'timeoutMs' | 'rows'>): Promise<void> {
    // MySQL limits only what SELECT may take; for the rest there is KILL.
    const limit =
      this.#inner._isMariaDB === true
        ? `max_statement_time = ${timeoutMs / 1000}`
        : `max_execution_time = ${timeoutMs}`;
    await this.#send(`SET time_zone = '+00:00', ${limit}${rows === undefined ? '' : `, sql_select_limit = ${rows}`}`);
  }

  run(statement: Statement, page: Page): Promise<StatementResult> {
    return runStatement(this.#connection, statement, page);
  }

  commit(): Promise<void> {
    return this.#send('COMMIT');
  }

  reset(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#inner.reset((error) => (error ? reject(error) : resolve()));
    return promise;
  }

  /** Asks over a connection of its own. */
  cancel(): void {
    const killer = mysql.createConnection({ ...this.#options, connectTimeout: GRACE_MS });
    // Whether it arrived shows in the statement, which is waited for.
    killer.on('error', () => undefined);
    killer.query(`KILL QUERY ${this.#connection.threadId}`, () => killer.destroy());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    this.#connection.end(() => resolve());
    await promise;
    clearTimeout(timer);
    this.destroy();
  }

  destroy(): void {
    this.#isOpen = false;
    this.#inner.stream.destroy();
  }

  /** Sends a statement of the connector's own. */
  #send(sql: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#connection.query(sql, (error) => (error ? reject(error) : resolve()));
    return promise;
  }
}
