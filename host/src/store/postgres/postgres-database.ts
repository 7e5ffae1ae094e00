import { setTimeout as delay } from 'node:timers/promises';
import type { Compilable, CompiledQuery } from 'kysely';
import pg from 'pg';
import { passes, sqlStateOf, storeLost } from './store-lost.ts';

/** How long a connection may take, and how long a free one is waited for, in milliseconds. */
const CONNECT_MS = 5_000;
/** How long a statement may take, in milliseconds. */
const STATEMENT_MS = 5_000;
/** How long an answer is waited for of a server that does not keep to that, as it cannot be reached any more, in milliseconds. */
const ANSWER_MS = 10_000;
/** How long a transaction may stand open for a host that says nothing more, in milliseconds: others may wait for what it holds. */
const SILENT_MS = 1_500;
/** For how long what fails for a passing reason is tried again, in milliseconds. */
const PATIENCE_MS = 5_000;
const LONGEST_STEP_MS = 500;

/** Clocks that differ by less are taken for the same, in milliseconds: between the two readings is the way there and back. */
const SAME_MS = 1_000;
/** By how much they may differ before somebody should see to it, in milliseconds. */
export const CLOCKS_DIFFER_MS = 5_000;

/** Runs statements of one transaction. */
export interface Session {
  /** The rows of a query. */
  rows<Row>(query: Compilable<Row> | CompiledQuery<Row>): Promise<readonly Row[]>;
  /** How many rows a statement has changed. */
  count(query: Compilable | CompiledQuery): Promise<number>;
  /** As the database's. */
  now(): number;
}

/**
 * A database over a few connections, which are made anew when they break. What a method does is done whole or not at all; what fails
 * for a passing reason is tried again for a while, so that `work` must bear to be run more than once. What fails in the end rejects
 * with UNAVAILABLE, reason `store_lost`. What `work` throws in a `CallersFault` is passed on, and nothing has happened.
 */
export interface PostgresDatabase {
  /** `host:port/database`, without user and password. */
  readonly where: string;
  /**
   * Milliseconds since 1970, by the clock that hosts share: the database's, as it was when something was asked of it last. It is that of
   * this host where they differ by no more than a second.
   */
  now(): number;
  /** All that it reads is of one moment. */
  read<T>(what: string, work: (session: Session) => Promise<T>): Promise<T>;
  write<T>(what: string, work: (session: Session) => Promise<T>): Promise<T>;
  /** Waits for what is under way, then ends the connections. May be called again. */
  close(): Promise<void>;
}

/** Takes the caller's own error through a transaction, which is undone. */
export class CallersFault extends Error {}

/** The answer to COMMIT did not come: what the transaction did can be asked for by its number. */
class CommitLost extends Error {
  readonly transaction: string;
  /** Of the server that gave that number. */
  readonly life: string;
  readonly value: unknown;

  constructor({ transaction, life }: Record<'transaction' | 'life', unknown>, value: unknown, cause: unknown) {
    super('the answer to COMMIT was lost', { cause });
    this.transaction = String(transaction);
    this.life = String(life);
    this.value = value;
  }
}

// Bounds hold for this transaction alone, as a pooler may give the session to another host. What was answered must outlive a crash.
const BOUNDS = `set_config('statement_timeout', '${STATEMENT_MS}', true),
  set_config('idle_in_transaction_session_timeout', '${SILENT_MS}', true)`;
/**
 * In SQL, which server it is, in which of its lives: its statistics begin anew where it crashes, and those of a standby are its own, so that
 * no two have the same moment.
 */
export const LIFE = "coalesce(extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())::text, '')";
const CLOCK = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now';
const BEGIN = {
  read: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT ${BOUNDS}, ${CLOCK}`,
  write: `BEGIN; SELECT ${BOUNDS}, set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true),
    pg_current_xact_id()::text AS transaction, ${LIFE} AS life, ${CLOCK}`,
};
type Mode = keyof typeof BEGIN;

/** How a host connects to the database of that URL. */
export function connectionTo(url: string): pg.ClientConfig {
  return {
    connectionString: withVerifiedTls(url),
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    application_name: 'automate',
    types: { getTypeParser: typeParser },
  };
}

export interface PostgresDatabaseOptions {
  readonly connections: number;
  /** Hears by how many milliseconds the database's clock is ahead of this host's, each time that it is found to be by more than 5000, either way. */
  readonly onClock?: ((aheadMs: number) => void) | undefined;
}

/** Nothing is connected yet. The caller closes it. */
export function openPostgresDatabase(url: string, { connections, onClock }: PostgresDatabaseOptions): PostgresDatabase {
  const where = describeDatabase(url);
  const pool = new pg.Pool({ ...connectionTo(url), max: connections, allowExitOnIdle: true });
  // Of connections that nobody uses: the next one is made when it is needed.
  pool.on('error', () => undefined);
  let closing: Promise<void> | undefined;
  const clock = compareClocks(onClock);

  const run = async <T>(what: string, mode: Mode, work: (session: Session) => Promise<T>): Promise<T> => {
    const deadline = Date.now() + PATIENCE_MS;
    let lost: CommitLost | undefined;
    for (let wait = 25; ; wait = Math.min(2 * wait, LONGEST_STEP_MS)) {
      try {
        if (lost !== undefined) {
          const became = await whatBecameOf(pool, lost);
          if (became === 'committed') return lost.value as T;
          if (became === 'unknown') throw new CallersFault('', { cause: storeLost(what, where, lost.cause, 'maybe') });
          lost = undefined;
        }
        return await transact(pool, mode, { work, clock });
      } catch (error) {
        if (error instanceof CallersFault) throw error.cause;
        if (error instanceof CommitLost) lost = error;
        const cause = error instanceof CommitLost ? error.cause : error;
        const isOver = (lost === undefined && !passes(cause)) || Date.now() >= deadline || closing !== undefined;
        if (isOver) throw storeLost(what, where, cause, lost === undefined ? 'none' : 'maybe');
      }
      await delay(wait);
    }
  };
  return {
    where,
    now: clock.now,
    read: (what, work) => run(what, 'read', work),
    write: (what, work) => run(what, 'write', work),
    close: () => (closing ??= pool.end()),
  };
}

/** The clock that hosts share, as far as this host knows. */
interface Clock {
  now(): number;
  /** What the database's was, as it was asked for between two moments of this host's. */
  learn(shared: number, before: number, after: number): void;
}

function compareClocks(onDiffer: (aheadMs: number) => void = () => undefined): Clock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    learn(shared, before, after) {
      const found = Math.round(shared - (before + after) / 2);
      const doubt = (after - before) / 2;
      ahead = Math.abs(found) > SAME_MS + doubt ? found : 0;
      if (Math.abs(found) > CLOCKS_DIFFER_MS + doubt) onDiffer(found);
    },
  };
}

interface Transaction<T> {
  readonly work: (session: Session) => Promise<T>;
  readonly clock: Clock;
}

async function transact<T>(pool: pg.Pool, mode: Mode, { work, clock }: Transaction<T>): Promise<T> {
  const client = await pool.connect();
  // Without a listener a connection that breaks between two statements would end the host.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let isSound = false;
  try {
    const askedAt = Date.now();
    const [, begun] = (await client.query(BEGIN[mode])) as unknown as readonly pg.QueryResult[];
    clock.learn(Number(begun?.rows[0]?.now), askedAt, Date.now());
    let value: T;
    try {
      value = await work(sessionOver(client, clock));
    } catch (error) {
      if (error instanceof CallersFault || sqlStateOf(error) !== undefined)
        await client.query('ROLLBACK').then(() => (isSound = true), ignore);
      throw error;
    }
    try {
      await client.query('COMMIT');
    } catch (error) {
      throw mode === 'read' ? error : new CommitLost(begun?.rows[0] ?? {}, value, error);
    }
    isSound = true;
    return value;
  } finally {
    client.off('error', ignore);
    client.release(!isSound);
  }
}

function sessionOver(client: pg.PoolClient, { now }: Clock): Session {
  const send = (query: Compilable | CompiledQuery): Promise<pg.QueryResult> => {
    const { sql, parameters } = 'compile' in query ? query.compile() : query;
    return client.query(sql, parameters.map(toStorable));
  };
  return {
    rows: async (query) => (await send(query)).rows,
    count: async (query) => (await send(query)).rowCount ?? 0,
    now,
  };
}

/** PostgreSQL has no text with NUL, which only what callers make up holds: one such call must not fail those that are written with it. */
function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  return Array.isArray(value) ? value.map(toStorable) : value;
}

/**
 * What became of the transaction that nobody heard the end of. Throws while it is still running. A server that crashed, or a standby that has
 * taken its place, gives the number of one that was not written down there to another transaction: its word counts only where the server
 * lives on that gave the number.
 */
async function whatBecameOf(
  pool: pg.Pool,
  { transaction, life }: CommitLost,
): Promise<'committed' | 'nothing' | 'unknown'> {
  try {
    const asked = `SELECT pg_xact_status($1::text::xid8) AS status, ${LIFE} = $2 AS "livesOn"`;
    const { rows } = await pool.query(asked, [transaction, life]);
    const { status, livesOn }: { status?: unknown; livesOn?: unknown } = rows[0] ?? {};
    if (status === 'in progress') throw new Error('the transaction still runs');
    if (status !== 'committed') return 'nothing';
    return livesOn === true ? 'committed' : 'unknown';
  } catch (error) {
    // It was not written down there that there ever was one of that number.
    if (sqlStateOf(error) === '22023') return 'nothing';
    throw error;
  }
}

/** Whole numbers of eight bytes are numbers here: none is beyond what those hold exactly. */
const typeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

/** What of the URL may be shown. */
export function describeDatabase(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname;
  return `${host}:${searchParams.get('port') ?? (port || '5432')}${pathname}`;
}

/** `require` and its like are taken for what the driver makes of them, which says so in a warning: TLS whose certificate is checked. */
function withVerifiedTls(url: string): string {
  const parsed = new URL(url);
  const mode = parsed.searchParams.get('sslmode');
  if (mode === null || parsed.searchParams.has('uselibpqcompat') || !/^(prefer|require|verify-ca)$/.test(mode))
    return url;
  parsed.searchParams.set('sslmode', 'verify-full');
  return parsed.href;
}
