import { InvalidInputError, UpstreamError } from '@automate/sdk';
import type { Begin, Page, SqlConnection, Statement, StatementResult } from '@automate/sql';
import { neverRun, unlessGivenUp, wrongCount, wrongInput } from '@automate/sql';
import mysql from 'mysql2';
import type { Connection, ConnectionOptions, ResultSetHeader } from 'mysql2';
import type { MysqlSettings } from './config.ts';
import type { Attempt } from './moment-parameters.ts';
import { runWithMoments } from './moment-parameters.ts';
import { actsNever, unreadDate } from './mysql-error.ts';
import type { DriverStatement, Ran } from './run-statement.ts';
import { breakOff, prepareStatement, runStatement, whileOpen } from './run-statement.ts';
import type { SessionDefaults } from './session.ts';
import { readDefaults, setSession, trySession } from './session.ts';
import type { TimeZone } from './time-zone.ts';
import { isInstant } from './time-zone.ts';

/** A flag of the server's status. */
const IN_TRANSACTION = 1;
const SAVEPOINT = 'before_statement';
/** Statements that use no table leave the warnings of the one before them. */
const FORGET_WARNINGS = 'SELECT 1 FROM information_schema.CHARACTER_SETS LIMIT 1';
/** How long cancelling and leaving may take, in milliseconds. */
const GRACE_MS = 1000;

interface Opening {
  /** For messages. */
  readonly server: string;
  readonly settings: MysqlSettings;
  /** Those known so far, by the server's names for them. */
  readonly zones: Map<string, Promise<TimeZone>>;
  readonly timeoutMs: number;
}

/** One session of a MySQL or MariaDB server. */
export class MysqlConnection implements SqlConnection {
  readonly #connection: Connection;
  readonly #options: ConnectionOptions;
  readonly #defaults: SessionDefaults;
  /** What the connection is in the middle of. */
  #mode: Begin['mode'] = 'open_ended';
  #open = true;
  /** The driver does one thing after the other: what makes it good as new waits for what is under way. */
  readonly isIdle = true;

  /** Opens one, unless `giveUp` fires before. */
  static async open(options: ConnectionOptions, how: Opening, giveUp: AbortSignal): Promise<MysqlConnection> {
    const connection = mysql.createConnection(options);
    // Without a listener a connection that breaks while nobody uses it would end the worker.
    connection.on('error', () => undefined);
    return unlessGivenUp(giveUp, { destroy: () => breakOff(connection) }, async () => {
      await whileOpen<void>(connection, (resolve) => connection.once('connect', () => resolve()));
      const { _isMariaDB: isMariaDb = false } = connection as unknown as { readonly _isMariaDB?: boolean };
      const own = (sql: string) => readRows(connection, sql);
      const defaults = await readDefaults(own, how.settings, isMariaDb, how.zones);
      await trySession(own, defaults, how.server, how.timeoutMs);
      return new MysqlConnection(connection, options, defaults);
    });
  }

  private constructor(connection: Connection, options: ConnectionOptions, defaults: SessionDefaults) {
    this.#connection = connection;
    this.#options = options;
    this.#defaults = defaults;
    const closed = (): void => void (this.#open = false);
    connection.on('error', closed);
    connection.on('end', closed);
  }

  get maxBytes(): number {
    return this.#defaults.maxBytes;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  async begin({ mode, ...options }: Begin): Promise<void> {
    this.#mode = mode;
    await sendQuery(this.#connection, setSession(this.#defaults, options));
    if (mode !== 'open_ended')
      await sendQuery(this.#connection, `START TRANSACTION${mode === 'reading' ? ' READ ONLY' : ''}`);
  }

  async commit(): Promise<void> {
    await sendQuery(this.#connection, 'COMMIT');
  }

  /** The server warns where a table without transactions, or one that a trigger wrote to, keeps what was done. */
  async rollback(): Promise<boolean> {
    const { warningStatus = 0 } = await sendQuery(this.#connection, 'ROLLBACK');
    return warningStatus === 0;
  }

  async reset(): Promise<void> {
    this.#mode = 'open_ended';
    await whileOpen<void>(this.#connection, (resolve, reject) =>
      this.#connection.reset((error) => (error ? reject(error) : resolve())),
    );
  }

  cancel(): Promise<void> {
    const connection = mysql.createConnection({ ...this.#options, connectTimeout: GRACE_MS });
    const { promise, resolve } = Promise.withResolvers<void>();
    // Whether it arrived shows in the statement, which is waited for.
    connection.on('error', () => resolve());
    connection.query(`KILL QUERY ${this.#connection.threadId}`, () => {
      connection.destroy();
      resolve();
    });
    return promise;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    this.#connection.end(() => resolve());
    await promise;
    clearTimeout(timer);
    this.destroy();
  }

  destroy(): void {
    this.#open = false;
    breakOff(this.#connection);
  }

  async run(statement: Statement, page: Page): Promise<StatementResult> {
    const savepoint = this.#mode === 'transaction' && statement.params.some(isMoment);
    if (savepoint) await sendQuery(this.#connection, `SAVEPOINT ${SAVEPOINT}`);
    const { result, header } = await runWithMoments(statement, this.#defaults.zone, {
      try: (given) => this.#try(given, page, statement.params.some(isMoment)),
      undo: async () => {
        if (!savepoint) return this.#mode === 'reading';
        const { warningStatus = 0 } = await sendQuery(this.#connection, `ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
        return warningStatus === 0;
      },
    });
    const { serverStatus } = header;
    const isOpen = serverStatus !== undefined && (serverStatus & IN_TRANSACTION) !== 0;
    if (this.#mode === 'open_ended' && isOpen) throw leftOpen();
    if (this.#mode === 'transaction' && serverStatus !== undefined && !isOpen) throw endedEarly();
    return result;
  }

  async #try(statement: DriverStatement, page: Page, asksForWarnings: boolean): Promise<Attempt> {
    const room = page.room.bytes;
    if (asksForWarnings) await sendQuery(this.#connection, FORGET_WARNINGS);
    const ran = this.#execute(statement, page);
    const complaint = await ran.then(() => (asksForWarnings ? this.#warnings() : ''), unreadDate);
    // What a try used of the room for the answer is free again for the next one.
    if (complaint !== '') page.room.bytes = room;
    return { ran, complaint };
  }

  async #execute(statement: DriverStatement, page: Page): Promise<Ran> {
    let mayAct = false;
    try {
      refuseTooLarge(statement, this.maxBytes);
      const expected = await prepareStatement(this.#connection, statement);
      // MariaDB does not count them.
      if (expected !== statement.values.length) throw wrongCount(expected, statement.values.length);
      mayAct = true;
      return await runStatement(this.#connection, statement, page, this.#defaults.zone);
    } catch (error) {
      throw mayAct && !actsNever(statement.sql, error) ? error : neverRun(error);
    }
  }

  /** What the server could not read as a date, and went on all the same. */
  async #warnings(): Promise<string> {
    const rows = (await readRows(this.#connection, 'SHOW WARNINGS')) as readonly { Code: number; Message: string }[];
    // How often it says the same differs from try to try.
    return [...new Set(rows.map(({ Code: errno, Message: message }) => unreadDate({ errno, message })))]
      .join('\n')
      .trim();
  }
}

const isMoment = (value: unknown): boolean => typeof value === 'string' && isInstant(value);

/** Sends a statement of the connector's own and gives what the server said at its end. */
function sendQuery(connection: Connection, sql: string): Promise<Partial<ResultSetHeader>> {
  return whileOpen(connection, (resolve, reject) => {
    connection.query(sql, (error, header) => (error ? reject(error) : resolve(header as ResultSetHeader)));
  });
}

/** Sends a statement of the connector's own and gives its rows. */
async function readRows(connection: Connection, sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await sendQuery(connection, sql)) as unknown as readonly Record<string, unknown>[];
}

/** The server ends the connection of who sends more. */
function refuseTooLarge({ sql, values }: DriverStatement, most: number): void {
  const size = values.reduce<number>((sum, value) => sum + valueSize(value), Buffer.byteLength(sql));
  if (size <= most) return;
  const expected = `a statement of at most ${most} bytes with its values (max_allowed_packet of the server)`;
  throw wrongInput({ path: 'sql', expected, received: `about ${size}`, reason: 'too_large' });
}

/** With what the protocol puts around a value, at most. */
function valueSize(value: unknown): number {
  return 16 + (typeof value === 'string' ? Buffer.byteLength(value) : Buffer.isBuffer(value) ? value.length : 0);
}

function leftOpen(): InvalidInputError {
  return new InvalidInputError(
    'sql: the statement began a transaction and did not end it, so it is undone; have the procedure COMMIT',
    { effect: 'maybe', details: { reason: 'transaction_left_open' } },
  );
}

function endedEarly(): UpstreamError {
  return new UpstreamError(
    'a statement ended the transaction that it was part of: a function or trigger in it went on after a deadlock',
    { effect: 'maybe', retryable: false, details: { reason: 'transaction_ended' } },
  );
}
