import type { Socket } from 'node:net';
import {
  CancelledError,
  ConnectorError,
  ForbiddenError,
  OverloadedError,
  remainingMs,
  TimeoutError,
} from '@automate/sdk';
import type { CallContext, ConnectorContext, Effect } from '@automate/sdk';
import pg from 'pg';
import type { PoolClient } from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import type { PostgresSettings } from './config.ts';
import { addressOf, connectOptions } from './connect-options.ts';
import { postgresError } from './postgres-error.ts';

/** The part of a call's context that a statement is bound to. */
export type Call = Pick<CallContext, 'deadline' | 'signal'>;

/** A connection lent to one call. */
export interface Lent {
  readonly client: PoolClient;
  /** From now on nobody knows whether the server acts: set right before what cannot be undone is sent. */
  committing(): void;
}

/** How long a cancelled statement may take to end before its connection is given up, in milliseconds. */
const GRACE_MS = 1000;

/** The connections of one connector. They are made when first used, and again whenever the server was away. */
export class Database {
  readonly settings: PostgresSettings;
  readonly #context: ConnectorContext;
  readonly #server: string;
  readonly #sockets = new Set<Socket>();
  #pool: Promise<pg.Pool> | undefined;
  #closed = false;

  constructor(context: ConnectorContext, settings: PostgresSettings) {
    this.settings = settings;
    this.#context = context;
    const { host, port } = addressOf(context);
    this.#server = `PostgreSQL at ${host}:${port}`;
  }

  /** Does work in a transaction in which the server refuses to write, and which is rolled back in the end. */
  read<T>(call: Call, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#lend(call, async ({ client }) => {
      await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutOf(call)}`);
      const result = await work(client);
      return result;
    });
  }

  /** Does work outside of any transaction: each statement takes effect by itself. */
  change<T>(call: Call, work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.#refuseReadOnly();
    return this.#lend(call, async ({ client, committing }) => {
      await client.query(`SET statement_timeout = ${timeoutOf(call)}`);
      committing();
      return work(client);
    });
  }

  /** Does work in one transaction, which takes effect when the work has succeeded. */
  transact<T>(call: Call, isolation: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.#refuseReadOnly();
    return this.#lend(call, async ({ client, committing }) => {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}; SET LOCAL statement_timeout = ${timeoutOf(call)}`);
      const result = await work(client);
      committing();
      const { command } = await client.query('COMMIT');
      // The server answers so where the transaction had failed without anyone saying it.
      if (command === 'ROLLBACK')
        throw new ConnectorError('UPSTREAM_5XX', 'the server rolled the transaction back', { effect: 'none' });
      return result;
    });
  }

  normalizeError(error: unknown, effect: Effect = 'maybe'): ConnectorError | undefined {
    return postgresError(error, { server: this.#server, effect });
  }

  /** Ends all connections, waiting no longer than a moment for the server to agree. */
  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => undefined);
    this.#pool = undefined;
    // A server that does not answer would keep us from closing.
    const timer = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), GRACE_MS);
    await pool?.end().catch(() => undefined);
    clearTimeout(timer);
  }

  async #lend<T>(call: Call, work: (lent: Lent) => Promise<T>): Promise<T> {
    let effect: Effect = 'none';
    try {
      const client = await this.#acquire(call);
      const guard = guardClient(client, call, this.#context);
      try {
        const result = await work({ client, committing: () => (effect = 'maybe') });
        guard.end();
        recycle(client);
        return result;
      } catch (error) {
        guard.end();
        // Where the server did not say that the statement failed, it is not known what the session is doing.
        if (saysSo(error)) recycle(client);
        else client.release(true);
        throw this.#explain(error, guard.reason(), effect);
      }
    } catch (error) {
      throw this.normalizeError(error, effect) ?? error;
    }
  }

  /** An error that our own cancelling caused is a timeout or a cancellation, whatever the connection says. */
  #explain(error: unknown, reason: 'deadline' | 'caller' | undefined, effect: Effect): unknown {
    const known = this.normalizeError(error, effect);
    if (reason === undefined || known === undefined) return error;
    // The server says that it cancelled the statement, so it undid it; else nobody knows.
    const confirmed = known.details?.['sqlstate'] === '57014';
    const options = { effect: confirmed ? 'none' : effect, cause: error } as const;
    if (!confirmed && known.code !== 'TRANSIENT_NETWORK') return known;
    const ending = confirmed ? 'and was cancelled in the server' : 'and its connection was given up';
    return reason === 'deadline'
      ? new TimeoutError(`the statement did not end before the deadline of the call ${ending}`, options)
      : new CancelledError(`the caller cancelled the statement ${ending}`, options);
  }

  async #acquire(call: Call): Promise<PoolClient> {
    if (call.signal.aborted) throw new CancelledError('the caller cancelled the call', { effect: 'none' });
    const pool = await (this.#pool ??= this.#open());
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(this.#tooLate(pool)), remainingMs(call.deadline));
    const leave = (): void => reject(new CancelledError('the caller cancelled the call', { effect: 'none' }));
    call.signal.addEventListener('abort', leave, { once: true });
    const connecting = pool.connect();
    try {
      return await Promise.race([connecting, late]);
    } catch (error) {
      // A connection that comes too late is for the next call.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw error;
    } finally {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', leave);
    }
  }

  #tooLate(pool: pg.Pool): ConnectorError {
    const max = this.settings.pool_size ?? this.#context.config.limits.concurrency;
    return pool.totalCount >= max && pool.waitingCount > 0
      ? new OverloadedError(`all ${max} connections to ${this.#server} are in use`, {
          details: { reason: 'pool_exhausted' },
        })
      : new TimeoutError(`${this.#server} did not let us in before the deadline of the call`, { effect: 'none' });
  }

  async #open(): Promise<pg.Pool> {
    try {
      const pool = new pg.Pool(await connectOptions(this.#context, this.settings, this.#sockets));
      // Without a listener a connection that breaks while nobody uses it would end the worker.
      pool.on('error', (error) => this.#context.logger.debug('an idle connection broke', { message: error.message }));
      pool.on('connect', (client) => client.on('error', () => undefined));
      if (this.#closed) await pool.end();
      return pool;
    } catch (error) {
      // A file that could not be read may be there the next time.
      this.#pool = undefined;
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

interface ClientGuard {
  /** Why the statement was cancelled, if it was. */
  reason(): 'deadline' | 'caller' | undefined;
  end(): void;
}

/** Cancels what a connection does when the caller leaves or the deadline passes; if that does not help, ends the connection. */
function guardClient(client: PoolClient, { deadline, signal }: Call, context: ConnectorContext): ClientGuard {
  let reason: 'deadline' | 'caller' | undefined;
  let grace: NodeJS.Timeout | undefined;
  const { processID, secretKey, connection } = client as unknown as {
    readonly processID: number | null;
    readonly secretKey: number | null;
    readonly connection: { readonly stream: { destroy(): void } };
  };
  const cancel = (why: 'deadline' | 'caller'): void => {
    if (reason !== undefined) return;
    reason = why;
    if (processID !== null && secretKey !== null)
      cancelStatement({ ...addressOf(context), processId: processID, secretKey });
    grace = setTimeout(() => connection.stream.destroy(), GRACE_MS);
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

/** Ends the transaction, if there is one, and gives a connection back once the server has forgotten what the call set; the caller does not wait for that. */
function recycle(client: PoolClient): void {
  const forget = async (): Promise<void> => {
    await client.query('ROLLBACK');
    await client.query('DISCARD ALL');
  };
  forget().then(
    () => client.release(),
    () => client.release(true),
  );
}

/** Whether an error is the server's own word on a statement, after which the session goes on. */
function saysSo(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { readonly severity?: unknown }).severity === 'ERROR';
}

/** The server itself ends a statement at the deadline, even if we are gone by then. */
function timeoutOf({ deadline }: Call): number {
  return Math.min(Math.max(1, Math.ceil(remainingMs(deadline))), 0x7fff_ffff);
}
