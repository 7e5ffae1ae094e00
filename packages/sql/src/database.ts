import {
  CancelledError,
  ConnectorError,
  createConnectorError,
  ForbiddenError,
  LONGEST_TIMER_MS,
  remainingMs,
  TimeoutError,
} from '@automate/sdk';
import type { ConnectorContext, Effect } from '@automate/sdk';
import type { Begin, Call, Dialect, Fault, ServerState, Session, SqlConnection } from './dialect.ts';
import { isAtomic } from './grammar.ts';
import { Guard, withMargin } from './guard.ts';
import type { Effects, Sent } from './outcome.ts';
import { EFFECTS } from './outcome.ts';
import { Pool } from './pool.ts';
import type { StatementResult } from './result-schemas.ts';
import type { Page } from './results.ts';
import type { Statement } from './schemas.ts';
import type { ServerSettings } from './settings.ts';

/** How long making a connection good as new may take, in milliseconds. */
const RESET_MS = 2000;

/** That others use all connections says that there are some. */
function unlessBusy(error: unknown): undefined {
  if (!ConnectorError.is(error) || error.details?.['reason'] !== 'pool_exhausted') throw error;
}

/** What a connector says of a database. Those without a server keep their connections. */
export type DatabaseSettings = Pick<ServerSettings, 'max_rows' | 'read_only'> & Partial<ServerSettings>;

/** A database, and the connections to it. */
export class Database {
  /** Most rows of one result, unless the call asks for fewer. */
  readonly maxRows: number;
  readonly readOnly: boolean;
  readonly dialect: Dialect;
  readonly #id: string;
  readonly #pool: Pool<SqlConnection>;

  constructor(context: ConnectorContext, settings: DatabaseSettings, dialect: Dialect) {
    this.maxRows = settings.max_rows;
    this.readOnly = settings.read_only;
    this.dialect = dialect;
    this.#id = context.id;
    this.#pool = new Pool({
      server: dialect.server,
      max: dialect.maxConnections ?? settings.pool_size ?? context.config.limits.concurrency,
      idleMs: settings.idle_timeout_ms ?? Infinity,
      lifetimeMs: settings.max_lifetime_ms ?? Infinity,
      // The drivers' own limits end with the login, and what says nothing after it would keep its place for ever.
      connect: () =>
        dialect.connect(AbortSignal.any([context.signal, AbortSignal.timeout(context.config.limits.startTimeoutMs)])),
    });
  }

  /** Does work in a transaction in which nothing can be written, and which is undone in the end. `rows`: most that it looks at. */
  read<T>(call: Call, rows: number, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#lend(call, { mode: 'reading', rows }, work);
  }

  /** Runs a statement by itself. What a server undoes as a whole has a certain outcome in a transaction. */
  change(call: Call, statement: Statement, page: Page): Promise<StatementResult> {
    const mode = isAtomic(this.dialect.traits.grammar, statement.sql) ? 'transaction' : 'open_ended';
    return this.#lend(call, { mode, single: true }, (session) => session.run(statement, page));
  }

  /** Does work in one transaction, which takes effect when the work has succeeded. */
  transact<T>(call: Call, isolation: string | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#lend(call, { mode: 'transaction', isolation }, work);
  }

  /** Whether the server lets us in, and what it says of itself; undefined: it let in as many calls as may be. */
  async check(call: Call): Promise<ServerState | undefined> {
    const checking = this.read(call, 10, (session) => this.dialect.check(session));
    const state = await checking.catch(unlessBusy);
    if (state === undefined) return undefined;
    // What no longer takes changes is not to be met again under the same name.
    if (!state.takesChanges && !this.readOnly) this.#pool.retire();
    return state;
  }

  /** The connector error for an error of this database; undefined for any other. */
  normalizeError(error: unknown): ConnectorError | undefined {
    return ConnectorError.is(error) ? error : this.#explain(error, EFFECTS.open_ended)?.error;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #lend<T>(
    call: Call,
    options: Omit<Begin, 'deadline' | 'timeoutMs'>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    if (this.readOnly && options.mode !== 'reading') throw this.#onlyReads();
    const ours = withMargin(call);
    const connection = await this.#acquire(ours);
    const guard = new Guard(connection, ours, call.deadline);
    // The server's own limit comes after ours, so that it is known who stopped the statement.
    const timeoutMs = Math.min(Math.max(1, Math.ceil(remainingMs(call.deadline))), LONGEST_TIMER_MS);
    // Set right before what it names is sent.
    let sent: Sent = 'nothing';
    try {
      await connection.begin({ ...options, deadline: ours.deadline, timeoutMs });
      sent = options.mode;
      const result = await work(connection);
      // Some statements that are cancelled end as if all were well.
      if (guard.reason !== undefined && sent !== 'open_ended') throw stopped(guard.reason, true, 'none', undefined);
      if (sent === 'transaction') {
        sent = 'commit';
        await connection.commit();
      }
      guard.end();
      // A cancellation that is still on its way would hit what comes next.
      if (guard.reason === undefined) this.#recycle(connection, guard);
      else this.#pool.drop(connection);
      return result;
    } catch (error) {
      throw await this.#failed(error, connection, guard, sent).finally(() => guard.end());
    }
  }

  async #acquire(call: Call): Promise<SqlConnection> {
    try {
      return await this.#pool.acquire(call);
    } catch (error) {
      throw ConnectorError.is(error) ? error : (this.#explain(error, EFFECTS.nothing)?.error ?? error);
    }
  }

  #explain(error: unknown, effects: Effects, reading = false): Fault | undefined {
    return this.dialect.explain(error, { server: this.dialect.server, effects, reading });
  }

  async #failed(error: unknown, connection: SqlConnection, guard: Guard, sent: Sent): Promise<unknown> {
    const mayKeep = sent === 'transaction' && connection.rollback !== undefined;
    const { neverRun = false } = Object(error) as { readonly neverRun?: boolean };
    const ofOne = neverRun ? EFFECTS.nothing : EFFECTS[sent];
    // A statement that never ran says nothing of those before it.
    const effects: Effects = mayKeep ? { refused: 'none', silent: 'maybe' } : ofOne;
    const explain = (reading: boolean) =>
      ConnectorError.is(error) ? undefined : this.#explain(error, effects, reading);
    let fault = explain(sent === 'reading');
    const kept = mayKeep && fault?.session !== 'broken' && !(await isUndone(connection));
    // What the call itself set to read only says nothing of the server.
    if (fault?.session === 'demoted' && (await this.#takesChanges(connection))) fault = explain(true);
    if (fault?.session === 'demoted') this.#pool.retire();
    // An error of ours may come while a statement is still on its way, another one while its cancellation is.
    const isDone = fault === undefined ? connection.isIdle : fault.session === 'usable';
    if (isDone && (guard.reason === undefined || fault?.cancelled === true)) this.#recycle(connection, guard);
    else this.#pool.drop(connection);
    const known = fault?.error ?? error;
    // On a busy machine the server's own limit, which is the same deadline, may be heard of first.
    const overdue = fault?.cancelled === true && guard.isOverdue ? 'deadline' : undefined;
    const stopped = fault && this.#stoppedBy(fault, guard.reason ?? overdue, effects);
    return kept ? withEffect(stopped ?? known, 'maybe') : (stopped ?? known);
  }

  /** Whether the server still takes changes, now that all is forgotten that the call set. */
  async #takesChanges(connection: SqlConnection): Promise<boolean> {
    try {
      await connection.reset();
      return (await this.dialect.check(connection)).takesChanges;
    } catch {
      return false;
    }
  }

  /** An error that our own cancelling caused is a timeout or a cancellation, whatever the connection says. */
  #stoppedBy(fault: Fault, reason: Guard['reason'], effects: Effects): ConnectorError | undefined {
    const confirmed = fault.cancelled === true;
    if (reason === undefined || (!confirmed && fault.session === 'usable')) return undefined;
    return stopped(reason, confirmed, confirmed ? effects.refused : effects.silent, fault.error);
  }

  /**
   * The caller does not wait for it. A server may send a cancellation twice, or be so late with it that something else
   * ended the statement before.
   */
  #recycle(connection: SqlConnection, { settled }: Guard): void {
    // From a server that says nothing more its place would never come back.
    const timer = setTimeout(() => this.#pool.drop(connection), RESET_MS).unref();
    settled
      .then(() => connection.reset())
      .then(
        () => this.#pool.release(connection),
        () => this.#pool.drop(connection),
      )
      .finally(() => clearTimeout(timer));
  }

  #onlyReads(): ForbiddenError {
    const details = { reason: 'read_only' };
    return new ForbiddenError(`connector "${this.#id}" only reads (settings.read_only)`, { details });
  }
}

async function isUndone(connection: SqlConnection): Promise<boolean> {
  try {
    return (await connection.rollback?.()) ?? true;
  } catch {
    return false;
  }
}

function stopped(
  reason: 'deadline' | 'caller',
  confirmed: boolean,
  effect: Effect,
  cause: ConnectorError | undefined,
): ConnectorError {
  const ending = confirmed ? 'and was cancelled in the server' : 'and its connection was given up';
  return reason === 'deadline'
    ? new TimeoutError(`the statement did not end before the deadline of the call ${ending}`, { effect, cause })
    : new CancelledError(`the caller cancelled the statement ${ending}`, { effect, cause });
}

function withEffect(error: unknown, effect: Effect): unknown {
  if (!ConnectorError.is(error)) return error;
  return createConnectorError(error.code, error.message, { ...error.toEnvelope(), effect, cause: error.cause });
}
