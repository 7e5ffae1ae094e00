import type { Socket } from 'node:net';
import { CancelledError, ForbiddenError, OverloadedError, remainingMs, TimeoutError } from '@automate/sdk';
import type { CallContext, ConnectorContext, ConnectorError, Effect } from '@automate/sdk';
import mysql from 'mysql2';
import type { ConnectionOptions, Pool, PoolConnection } from 'mysql2';
import type { MysqlSettings } from './config.ts';
import { addressOf, connectOptions } from './connect-options.ts';
import { mysqlError } from './mysql-error.ts';

/** The part of a call's context that a statement is bound to. */
export type Call = Pick<CallContext, 'deadline' | 'signal'>;

interface Opened {
  readonly pool: Pool;
  readonly options: ConnectionOptions;
}

interface Lent {
  readonly connection: PoolConnection;
  /** From now on nobody knows whether the server acts: set right before what cannot be undone is sent. */
  committing(): void;
  /** Whether the caller has left or the deadline passed. */
  isCancelled(): boolean;
}

/** How long a cancelled statement may take to end before its connection is given up, in milliseconds. */
const GRACE_MS = 1000;

/** The connections of one connector. They are made when first used, and again whenever the server was away. */
export class Database {
  readonly settings: MysqlSettings;
  readonly #context: ConnectorContext;
  readonly #server: string;
  readonly #sockets = new Set<Socket>();
  #opened: Promise<Opened> | undefined;

  constructor(context: ConnectorContext, settings: MysqlSettings) {
    this.settings = settings;
    this.#context = context;
    const { host, port } = addressOf(context);
    this.#server = `MySQL at ${host}:${port}`;
  }

  /** Does work in a transaction in which the server refuses to write, and has it send no more rows than wanted. */
  read<T>(call: Call, rows: number, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    return this.#lend(call, async ({ connection }) => {
      await send(connection, sessionOf(connection, call, rows));
      await send(connection, 'START TRANSACTION READ ONLY');
      return work(connection);
    });
  }

  /** Does work outside of any transaction: each statement takes effect by itself. */
  change<T>(call: Call, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    this.#refuseReadOnly();
    return this.#lend(call, async ({ connection, committing }) => {
      await send(connection, sessionOf(connection, call));
      committing();
      return work(connection);
    });
  }

  /** Does work in one transaction, which takes effect when the work has succeeded. */
  transact<T>(call: Call, isolation: string, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    this.#refuseReadOnly();
    return this.#lend(call, async ({ connection, committing, isCancelled }) => {
      await send(connection, sessionOf(connection, call));
      await send(connection, `SET TRANSACTION ISOLATION LEVEL ${isolation}`);
      await send(connection, 'START TRANSACTION');
      const result = await work(connection);
      // Some statements that are cancelled, SLEEP for one, end as if all were well.
      if (isCancelled()) throw new TimeoutError('the transaction was cancelled before its end', { effect: 'none' });
      committing();
      await send(connection, 'COMMIT');
      return result;
    });
  }

  normalizeError(error: unknown, effect: Effect = 'maybe', connecting = false): ConnectorError | undefined {
    return mysqlError(error, { server: this.#server, effect, connecting });
  }

  /** Ends all connections, waiting no longer than a moment for the server to agree. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (opened === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    opened.pool.end(() => resolve());
    await promise;
    clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #lend<T>(call: Call, work: (lent: Lent) => Promise<T>): Promise<T> {
    let effect: Effect = 'none';
    const { connection, options } = await this.#acquire(call);
    const guard = guardConnection(connection, call, options);
    try {
      const result = await work({
        connection,
        committing: () => (effect = 'maybe'),
        isCancelled: () => guard.reason() !== undefined || remainingMs(call.deadline) === 0,
      });
      guard.end();
      // The pool has the server forget what the call set; the caller does not wait for that.
      connection.release();
      return result;
    } catch (error) {
      guard.end();
      const known = this.normalizeError(error, effect);
      // Where the server did not say that the statement failed, it is not known what the session is doing.
      if (known?.details?.['sqlstate'] === undefined || guard.reason() !== undefined) connection.destroy();
      else connection.release();
      throw explain(known, guard.reason(), effect) ?? error;
    }
  }

  async #acquire(call: Call): Promise<{ connection: PoolConnection; options: ConnectionOptions }> {
    if (call.signal.aborted) throw new CancelledError('the caller cancelled the call', { effect: 'none' });
    const { pool, options } = await (this.#opened ??= this.#open());
    const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>();
    let over = false;
    let queued = false;
    const enqueued = (): void => void (queued = true);
    pool.once('enqueue', enqueued);
    const timer = setTimeout(() => reject(this.#tooLate(queued)), Math.min(remainingMs(call.deadline), 0x7fff_ffff));
    const leave = (): void => reject(new CancelledError('the caller cancelled the call', { effect: 'none' }));
    call.signal.addEventListener('abort', leave, { once: true });
    pool.getConnection((error, connection) => {
      if (error) reject(error);
      // A connection that comes too late is for the next call.
      else if (over) connection.release();
      else resolve(connection);
    });
    // It tells at once whether we have to wait for others.
    pool.removeListener('enqueue', enqueued);
    try {
      return { connection: await promise, options };
    } catch (error) {
      throw this.normalizeError(error, 'none', true) ?? error;
    } finally {
      over = true;
      clearTimeout(timer);
      call.signal.removeEventListener('abort', leave);
    }
  }

  #tooLate(queued: boolean): ConnectorError {
    const max = this.settings.pool_size ?? this.#context.config.limits.concurrency;
    return queued
      ? new OverloadedError(`all ${max} connections to ${this.#server} are in use`, {
          details: { reason: 'pool_exhausted' },
        })
      : new TimeoutError(`${this.#server} did not let us in before the deadline of the call`, { effect: 'none' });
  }

  async #open(): Promise<Opened> {
    try {
      const options = await connectOptions(this.#context, this.settings, this.#sockets);
      const max = this.settings.pool_size ?? this.#context.config.limits.concurrency;
      const pool = mysql.createPool({
        ...options,
        connectionLimit: max,
        maxIdle: max,
        idleTimeout: this.settings.idle_timeout_ms,
        resetOnRelease: true,
      });
      // Without a listener a connection that breaks while nobody uses it would end the worker.
      pool.on('connection', (connection) => connection.on('error', () => undefined));
      return { pool, options };
    } catch (error) {
      // A file that could not be read may be there the next time.
      this.#opened = undefined;
      throw error;
    }
  }

  #refuseReadOnly(): void {
    if (this.settings.read_only)
      throw new ForbiddenError(`connector "${this.#context.id}" only reads (settings.read_only)`, {
        details: { reason: 'read_only' },
      });
  }
}

type Reason = 'deadline' | 'caller' | undefined;

/** An error that our own cancelling caused is a timeout or a cancellation, whatever the connection says. */
function explain(known: ConnectorError | undefined, reason: Reason, effect: Effect): ConnectorError | undefined {
  if (reason === undefined || known === undefined) return known;
  // The server says that it cancelled the statement, so it undid it; else nobody knows.
  const confirmed = known.details?.['reason'] === 'canceled_by_server';
  if (!confirmed && known.code !== 'TRANSIENT_NETWORK') return known;
  const options = { effect: confirmed ? 'none' : effect, cause: known } as const;
  const ending = confirmed ? 'and was cancelled in the server' : 'and its connection was given up';
  return reason === 'deadline'
    ? new TimeoutError(`the statement did not end before the deadline of the call ${ending}`, options)
    : new CancelledError(`the caller cancelled the statement ${ending}`, options);
}

interface ConnectionGuard {
  /** Why the statement was cancelled, if it was. */
  reason(): Reason;
  end(): void;
}

/** Cancels what a connection does when the caller leaves or the deadline passes; if that does not help, ends the connection. */
function guardConnection(
  connection: PoolConnection,
  { deadline, signal }: Call,
  options: ConnectionOptions,
): ConnectionGuard {
  let reason: Reason;
  let grace: NodeJS.Timeout | undefined;
  const cancel = (why: 'deadline' | 'caller'): void => {
    if (reason !== undefined) return;
    reason = why;
    killStatement(connection.threadId, options);
    const { stream } = connection as unknown as { readonly stream: Socket };
    grace = setTimeout(() => stream.destroy(), GRACE_MS);
  };
  const leave = (): void => cancel(Date.now() >= deadline ? 'deadline' : 'caller');
  const timer = setTimeout(() => cancel('deadline'), Math.min(remainingMs(deadline), 0x7fff_ffff));
  signal.addEventListener('abort', leave, { once: true });
  return {
    reason: () => reason,
    end() {
      clearTimeout(timer);
      clearTimeout(grace);
      signal.removeEventListener('abort', leave);
    },
  };
}

/** Asks the server, over a connection of its own, to stop what another connection is doing. */
function killStatement(threadId: number, options: ConnectionOptions): void {
  const connection = mysql.createConnection({ ...options, connectTimeout: GRACE_MS });
  // Whether it arrived shows in the statement, which is waited for.
  connection.on('error', () => undefined);
  connection.query(`KILL QUERY ${threadId}`, () => connection.destroy());
}

/** What the session is set to: UTC, a time limit of the server's own, and no more rows than wanted. */
function sessionOf(connection: PoolConnection, { deadline }: Call, rows?: number): string {
  const ms = Math.min(Math.max(1, Math.ceil(remainingMs(deadline))), 0x7fff_ffff);
  const { _isMariaDB: isMariaDb } = connection as unknown as { readonly _isMariaDB?: boolean };
  // MySQL limits only what SELECT may take; for the rest there is KILL.
  const limit = isMariaDb === true ? `max_statement_time = ${ms / 1000}` : `max_execution_time = ${ms}`;
  return `SET time_zone = '+00:00', ${limit}${rows === undefined ? '' : `, sql_select_limit = ${rows}`}`;
}

/** Sends a statement of the connector's own. */
function send(connection: PoolConnection, sql: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.query(sql, (error) => (error ? reject(error) : resolve()));
  return promise;
}
