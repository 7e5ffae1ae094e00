// Long, as every statement over the table of executions stands here.
import { dirname } from 'node:path';
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { BatchTable } from './answer-batches.ts';
import type {
  AnotherRun,
  Claim,
  ClaimedExecution,
  DueCallbacks,
  Enqueued,
  ExecutionEnd,
  ExecutionCounts,
  ExecutionStore,
  HeldExecution,
  NewExecution,
  StoredExecution,
  StoredExecutionFilter,
  Waiting,
} from './execution-store.ts';
import {
  claimedOf,
  countsFrom,
  countsOf,
  executionOf,
  heldOf,
  isOver,
  LISTED,
  MOST_BYTES,
  MOST_ROWS,
  WITHOUT_PAYLOAD,
} from './execution-row.ts';
import { CALLBACK_MS, LONGEST_CALLBACK_WAIT_MS } from './execution-store.ts';
import { inTransaction } from './in-transaction.ts';
import { openDatabase } from './open-database.ts';
import type { Owners } from './owner-lock.ts';
import { ownersIn } from './owner-lock.ts';
import { watchBeats } from './watched-beats.ts';

const INDEXES = `CREATE UNIQUE INDEX executions_by_key ON executions (connector, principal, key) WHERE key IS NOT NULL;
   CREATE INDEX executions_ready ON executions (connector, priority DESC, seq) WHERE status = 'queued' AND due_at IS NULL;
   CREATE INDEX executions_due ON executions (due_at) WHERE due_at IS NOT NULL;
   CREATE INDEX executions_due_since ON executions (due_since) WHERE due_since IS NOT NULL;
   CREATE INDEX executions_running ON executions (connector, host) WHERE status = 'running';
   CREATE INDEX executions_dead ON executions (seq) WHERE status IN ('failed', 'unknown') AND rerun_as IS NULL;
   CREATE INDEX executions_by_principal ON executions (principal, seq);
   CREATE INDEX executions_by_connector ON executions (connector, seq);
   CREATE INDEX executions_by_status ON executions (status, seq);
   CREATE INDEX executions_by_expiry ON executions (expires_at) WHERE expires_at IS NOT NULL;`;

/** What is large stands last: to reach what stands behind it SQLite would read all of it. */
const columns = (more = ''): string => `seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     connector TEXT NOT NULL,
     action TEXT NOT NULL,
     principal TEXT NOT NULL,
     scopes TEXT NOT NULL,
     key TEXT,
     payload_sha256 TEXT NOT NULL,
     run_timeout_ms INTEGER,
     run_at INTEGER,
     priority INTEGER NOT NULL,
     traceparent TEXT,
     status TEXT NOT NULL,
     due_at INTEGER,
     due_since INTEGER,
     host TEXT,
     token INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     cancelling INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     started_at INTEGER,
     ended_at INTEGER,
     expires_at INTEGER,
     rerun_of TEXT,
     rerun_as TEXT,
     schedule TEXT,
     ${more}
     progress TEXT,
     outcome BLOB,
     payload BLOB`;

export const EXECUTION_TABLES: readonly string[] = [
  `CREATE TABLE executions (
     ${columns()}
   ) STRICT;
   ${INDEXES}
   CREATE TABLE hosts (name TEXT PRIMARY KEY, beat INTEGER NOT NULL) STRICT`,
  `CREATE TABLE executions_anew (
     ${columns('callback TEXT, callback_url BLOB, callback_at INTEGER, callback_tries INTEGER,')}
   ) STRICT;
   INSERT INTO executions_anew SELECT seq, id, connector, action, principal, scopes, key, payload_sha256, run_timeout_ms, run_at, priority, traceparent, status, due_at, due_since, host, token, attempts, cancelling, created_at, started_at, ended_at, expires_at, rerun_of, rerun_as, schedule, NULL, NULL, NULL, NULL, progress, outcome, payload FROM executions;
   DROP TABLE executions;
   ALTER TABLE executions_anew RENAME TO executions;
   ${INDEXES}
   CREATE INDEX executions_callbacks ON executions (callback_at) WHERE callback_at IS NOT NULL`,
];

/** Rows that have expired and are deleted with one batch at least, and with one sweep at most. */
const SWEPT_ROWS = 64;
const SWEPT_AT_ONCE = 10_000;

type Methods = Omit<ExecutionStore, 'close' | 'isRemote' | 'now' | 'offer'>;
export type ExecutionMethod = keyof Methods;

/** What is done with the table, in order. */
export type ExecutionStep = {
  readonly [Method in ExecutionMethod]: { readonly method: Method; readonly args: Parameters<Methods[Method]> };
}[ExecutionMethod];

/** What the methods of the port come to here. */
export type ExecutionAnswers = {
  readonly [Method in Exclude<ExecutionMethod, 'enqueue'>]: Awaited<ReturnType<Methods[Method]>>;
} & { readonly enqueue: Enqueued | { readonly as: 'full'; readonly rows: number; readonly bytes: number } };

type Answering = {
  readonly [Method in ExecutionMethod]: (...args: Parameters<Methods[Method]>) => ExecutionAnswers[Method];
};

/** The hosts that run executions. */
export function executionOwners(directory: string): Owners {
  return ownersIn(directory, 'executions', 'executions cannot be kept');
}

/**
 * The executions in the database at `file`, synchronously.
 *
 * @param owner the host in whose name it is done; its lock is held by the caller
 */
export function openExecutionTable(file: string, owner: string): BatchTable<ExecutionStep, unknown> {
  const database = openDatabase(file, { migrations: EXECUTION_TABLES, what: 'executions cannot be read' });
  const table = new ExecutionTable(database, executionOwners(dirname(file)), owner);
  const methods: Answering = table;
  return {
    run: (steps) =>
      table.undoing(() =>
        inTransaction(database, () => {
          const answers = steps.map(({ method, args }) =>
            (methods[method] as (...given: readonly unknown[]) => unknown).apply(table, args),
          );
          table.sweep(Math.max(SWEPT_ROWS, 2 * steps.length));
          return answers;
        }),
      ),
    close: () => database.close(),
  };
}

class ExecutionTable implements Answering {
  readonly #owners: Owners;
  readonly #owner: string;
  readonly #prepare: (sql: string) => StatementSync;
  readonly #watched = watchBeats();
  #rows: number;

  constructor(database: DatabaseSync, owners: Owners, owner: string) {
    const statements = new Map<string, StatementSync>();
    this.#prepare = (sql) => {
      let statement = statements.get(sql);
      if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)));
      return statement;
    };
    this.#owners = owners;
    this.#owner = owner;
    this.#rows = Number(this.#get('SELECT count(*) AS rows FROM executions')?.['rows']);
  }

  enqueue(given: NewExecution): ExecutionAnswers['enqueue'] {
    const { id, connector, action, principal, scopes, key = null, payload, payloadSha256, priority } = given;
    const { runTimeoutMs = null, runAt = null, traceparent = null, rerunOf = null, schedule = null } = given;
    const { callbackUrl = null } = given;
    const now = Date.now();
    if (key !== null) {
      const found = this.#get('SELECT * FROM executions WHERE connector = ? AND principal = ? AND key = ?', [
        connector,
        principal,
        key,
      ]);
      if (found !== undefined && !isOver(found, now)) return { as: 'found', execution: executionOf(found) };
      // Its end may have to be told yet.
      if (found !== undefined && found['callback_at'] !== null)
        this.#run('UPDATE executions SET key = NULL WHERE seq = ?', [Number(found['seq'])]);
      else if (found !== undefined) this.#remove(found['seq']);
    }
    const bytes = Number(this.#get('PRAGMA page_count')?.['page_count']) * PAGE_BYTES;
    const free = Number(this.#get('PRAGMA freelist_count')?.['freelist_count']) * PAGE_BYTES;
    if (this.#rows >= MOST_ROWS || bytes - free + payload.byteLength > MOST_BYTES)
      return { as: 'full', rows: this.#rows, bytes: bytes - free };
    if (rerunOf !== null) {
      const repeated = this.#run(
        `UPDATE executions SET rerun_as = ? WHERE id = ? AND rerun_as IS NULL AND status IN ('failed', 'cancelled', 'unknown')`,
        [id, rerunOf],
      );
      const original = this.find(rerunOf);
      if (repeated === 0 && original !== undefined) return { as: 'not_repeated', execution: original };
    }
    const row = this.#get(
      `INSERT INTO executions (id, connector, action, principal, scopes, key, payload_sha256, run_timeout_ms, run_at, priority,
         traceparent, status, due_at, token, attempts, cancelling, created_at, rerun_of, schedule,
         callback, callback_url, callback_tries, payload)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?) RETURNING ${WITHOUT_PAYLOAD}`,
      [
        ...[
          id,
          connector,
          action,
          principal,
          JSON.stringify(scopes),
          key,
          payloadSha256,
          runTimeoutMs,
          runAt,
          priority,
        ],
        ...[traceparent, runAt !== null && runAt > now ? runAt : null, now, rerunOf, schedule],
        ...(callbackUrl === null ? [null, null, null] : ['pending', callbackUrl, 0]),
        payload,
      ],
    );
    this.#rows += 1;
    return { as: 'new', execution: executionOf(row) };
  }

  find(id: string): StoredExecution | undefined {
    const row = this.#get(`SELECT ${WITHOUT_PAYLOAD} FROM executions WHERE id = ?`, [id]);
    return row === undefined || isOver(row, Date.now()) ? undefined : executionOf(row);
  }

  payload(id: string): Uint8Array | undefined {
    const payload = this.#get('SELECT payload FROM executions WHERE id = ?', [id])?.['payload'];
    return payload instanceof Uint8Array ? payload : undefined;
  }

  list({
    connector,
    principal,
    status,
    deadLetters,
    before,
    limit,
  }: StoredExecutionFilter): readonly StoredExecution[] {
    const conditions: readonly (readonly [sql: string, ...values: SQLValue[]])[] = [
      ['(expires_at IS NULL OR expires_at > ?)', Date.now()],
      ...(connector === undefined ? [] : [['connector = ?', connector] as const]),
      ...(principal === undefined ? [] : [['principal = ?', principal] as const]),
      ...(status === undefined
        ? []
        : [[`${status.length > 1 ? '+' : ''}status IN (${status.map(() => '?').join(', ')})`, ...status] as const]),
      ...(deadLetters === true ? [[`status IN ('failed', 'unknown') AND rerun_as IS NULL`] as const] : []),
      ...(before === undefined ? [] : [['seq < ?', before] as const]),
    ];
    return this.#all(
      `SELECT ${IN_LISTS} FROM executions ${deadLetters === true ? 'INDEXED BY executions_dead' : ''} WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ORDER BY seq DESC LIMIT ?`,
      [...conditions.flatMap(([, ...values]) => values), limit],
    ).map(executionOf);
  }

  waiting(): Waiting {
    this.#promote();
    const connectors = this.#all(
      `WITH RECURSIVE found (connector) AS (
         SELECT min(connector) FROM executions INDEXED BY executions_ready WHERE status = 'queued' AND due_at IS NULL
         UNION ALL
         SELECT (SELECT min(connector) FROM executions INDEXED BY executions_ready WHERE status = 'queued' AND due_at IS NULL AND connector > found.connector)
           FROM found WHERE found.connector IS NOT NULL
       ) SELECT connector FROM found WHERE connector IS NOT NULL`,
    ).map((row) => String(row['connector']));
    const next = this.#get('SELECT min(due_at) AS next FROM executions WHERE due_at IS NOT NULL')?.['next'];
    return {
      connectors,
      ...(typeof next === 'number' ? { nextAt: next } : {}),
      others:
        this.#get(
          `SELECT 1 AS one FROM executions INDEXED BY executions_running WHERE status = 'running' AND host <> ? LIMIT 1`,
          [this.#owner],
        ) !== undefined,
    };
  }

  claim(
    most: number,
    limits: Readonly<Record<string, number>>,
    shares: Readonly<Record<string, number>> = {},
  ): readonly ClaimedExecution[] {
    this.#promote();
    const ready = Object.entries(limits).flatMap(([connector, limit]) => {
      const running = this.#get(`SELECT count(*) AS rows FROM executions WHERE status = 'running' AND connector = ?`, [
        connector,
      ]);
      const free = Math.min(most, shares[connector] ?? most, limit - Number(running?.['rows']));
      if (free <= 0) return [];
      return this.#all(
        `SELECT seq, priority FROM executions WHERE status = 'queued' AND due_at IS NULL AND connector = ?
         ORDER BY priority DESC, seq LIMIT ?`,
        [connector, free],
      ).map((row) => ({ seq: Number(row['seq']), priority: Number(row['priority']) }));
    });
    const next = ready.toSorted((one, other) => other.priority - one.priority || one.seq - other.seq).slice(0, most);
    if (next.length > 0) this.#live();
    return next.map(({ seq }) =>
      claimedOf(
        this.#get(
          `UPDATE executions SET status = 'running', host = ?, token = token + 1, started_at = ?, attempts = attempts + 1, progress = NULL
           WHERE seq = ? RETURNING *`,
          [this.#owner, Date.now(), seq],
        ),
      ),
    );
  }

  renew(claims: readonly Claim[]): ExecutionAnswers['renew'] {
    this.#live();
    const held = claims.map(({ id, token }) => {
      const row = this.#get(`SELECT cancelling FROM executions WHERE ${HELD}`, [id, token]);
      return { id, held: row !== undefined, cancelling: row?.['cancelling'] === 1 };
    });
    return {
      lost: held.filter((each) => !each.held).map(({ id }) => id),
      cancelled: held.filter((each) => each.cancelling).map(({ id }) => id),
    };
  }

  takeOver(held: readonly string[]): readonly HeldExecution[] {
    const hosts = this.#all(
      `SELECT DISTINCT host FROM executions INDEXED BY executions_running WHERE status = 'running'`,
    ).map((row) => String(row['host']));
    const lapsed = hosts.filter((host) => host !== this.#owner && this.#hasLapsed(host));
    this.#watched.keep(new Set(hosts));
    const rows = this.#all(
      `UPDATE executions SET host = ?, token = token + 1
       WHERE status = 'running' AND (host IN (SELECT value FROM json_each(?)) OR (host = ? AND id NOT IN (SELECT value FROM json_each(?))))
       RETURNING token, ${WITHOUT_PAYLOAD}`,
      [this.#owner, JSON.stringify(lapsed), this.#owner, JSON.stringify(held)],
    );
    if (rows.length > 0) this.#live();
    for (const host of lapsed) {
      this.#run('DELETE FROM hosts WHERE name = ?', [host]);
      if (!this.#owners.isAlive(host)) this.#owners.forget(host);
    }
    return rows.map(heldOf);
  }

  progress({ id, token }: Claim, progress: string): void {
    this.#run(`UPDATE executions SET progress = ? WHERE ${HELD}`, [progress, id, token]);
  }

  finish({ id, token }: Claim, { status, outcome, expiresAt }: ExecutionEnd): boolean {
    const now = Date.now();
    // What succeeded is not run again.
    return (
      this.#run(
        `UPDATE executions SET status = ?, outcome = ?, expires_at = ?, ended_at = ?, host = NULL, cancelling = 0,
           payload = iif(? = 'succeeded', NULL, payload), ${TOLD_FROM} WHERE ${HELD}`,
        [status, outcome ?? null, expiresAt, now, status, now, id, token],
      ) === 1
    );
  }

  requeue({ id, token }: Claim, { afterMs, counts, outcome }: AnotherRun): boolean {
    const now = Date.now();
    const waits = afterMs > 0;
    return (
      this.#run(
        `UPDATE executions SET status = 'queued', host = NULL, outcome = ?, due_at = ?, due_since = ?, attempts = attempts - ? WHERE ${HELD} AND cancelling = 0`,
        [outcome ?? null, waits ? now + afterMs : null, waits ? now : null, counts ? 0 : 1, id, token],
      ) === 1
    );
  }

  cancel(id: string, { outcome, expiresAt }: Omit<ExecutionEnd, 'status'>): StoredExecution | undefined {
    const now = Date.now();
    this.#run(
      `UPDATE executions SET status = 'cancelled', outcome = ?, expires_at = ?, ended_at = ?, due_at = NULL, due_since = NULL, ${TOLD_FROM}
       WHERE id = ? AND status = 'queued'`,
      [outcome ?? null, expiresAt, now, now, id],
    );
    this.#run(`UPDATE executions SET cancelling = 1 WHERE id = ? AND status = 'running'`, [id]);
    return this.find(id);
  }

  claimCallbacks(most: number): DueCallbacks {
    const now = Date.now();
    // What is due later than anything waits was put off before the clock was set back.
    const due = this.#all(
      `UPDATE executions SET callback_at = ?, callback_tries = callback_tries + 1 WHERE seq IN
         (SELECT seq FROM executions WHERE callback_at <= ? OR callback_at > ? ORDER BY callback_at LIMIT ?)
       RETURNING ${WITHOUT_PAYLOAD}`,
      [now + CALLBACK_MS, now, now + 2 * LONGEST_CALLBACK_WAIT_MS, most],
    ).map(executionOf);
    const next = this.#get('SELECT min(callback_at) AS next FROM executions WHERE callback_at IS NOT NULL')?.['next'];
    return { due, ...(typeof next === 'number' ? { nextAt: next } : {}) };
  }

  endCallback(...[{ id, callbackTries = 0 }, end]: Parameters<Methods['endCallback']>): boolean {
    const [state, at] = typeof end === 'string' ? [end, null] : ['pending', Date.now() + end.afterMs];
    return (
      this.#run(
        `UPDATE executions SET callback = ?, callback_at = ? WHERE id = ? AND callback_tries = ? AND callback_at IS NOT NULL`,
        [state, at, id, callbackTries],
      ) === 1
    );
  }

  connectors(): readonly string[] {
    return this.#all('SELECT DISTINCT connector FROM executions INDEXED BY executions_by_connector').map((row) =>
      String(row['connector']),
    );
  }

  shorten(ttlsMs: Readonly<Record<string, number>>): void {
    for (const [connector, ttlMs] of Object.entries(ttlsMs))
      this.#run('UPDATE executions SET expires_at = ended_at + ? WHERE connector = ? AND expires_at > ended_at + ?', [
        ttlMs,
        connector,
        ttlMs,
      ]);
  }

  expire(): number {
    return this.sweep(SWEPT_AT_ONCE);
  }

  stats(): readonly ExecutionCounts[] {
    return this.#all(countsFrom('executions')).map(countsOf);
  }

  /** Deletes some of those whose time is over. */
  sweep(most: number): number {
    const gone = this.#run(
      'DELETE FROM executions WHERE seq IN (SELECT seq FROM executions WHERE expires_at <= ? AND callback_at IS NULL LIMIT ?)',
      [Date.now(), most],
    );
    this.#rows -= gone;
    return gone;
  }

  /** Does work that is done as a whole or not at all. */
  undoing<T>(work: () => T): T {
    const rows = this.#rows;
    try {
      return work();
    } catch (error) {
      this.#rows = rows;
      throw error;
    }
  }

  /**
   * Lets those wait no longer whose time has come. One that waits for another run waits from a moment on: where the clock stands before
   * that, it was set back, and nobody is to wait for it to come there again.
   */
  #promote(): void {
    const now = Date.now();
    this.#run('UPDATE executions SET due_at = NULL, due_since = NULL WHERE due_at <= ?', [now]);
    this.#run('UPDATE executions SET due_at = NULL, due_since = NULL WHERE due_since > ?', [now]);
  }

  /** A sign of life. */
  #live(): void {
    this.#run('INSERT INTO hosts (name, beat) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET beat = beat + 1', [
      this.#owner,
    ]);
  }

  /** Whether another host has ended, or has given no sign of life for as long as this one looks, which is a lease at least. */
  #hasLapsed(host: string): boolean {
    if (!this.#owners.isAlive(host)) return true;
    const beat = Number(this.#get('SELECT beat FROM hosts WHERE name = ?', [host])?.['beat'] ?? 0);
    return this.#watched.isSilent(host, beat);
  }

  #remove(seq: SQLOutputValue | undefined): void {
    this.#rows -= this.#run('DELETE FROM executions WHERE seq = ?', [seq as number]);
  }

  #get(sql: string, values: readonly SQLValue[] = []): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, values: readonly SQLValue[] = []): readonly Row[] {
    return this.#prepare(sql).all(...values);
  }

  #run(sql: string, values: readonly SQLValue[] = []): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }
}

type Row = Readonly<Record<string, SQLOutputValue>>;
type SQLValue = string | number | null | Uint8Array;

/** SQLite's own size, which nothing here sets otherwise. */
const PAGE_BYTES = 4_096;

/** Its end is to be told from now on. */
const TOLD_FROM = `callback_at = iif(callback = 'pending', ?, NULL)`;

/** Whose claim it is by id and token. */
const HELD = `id = ? AND token = ? AND status = 'running'`;

/** Of a list: errors are short, and results are left out. */
const IN_LISTS = `${LISTED}, iif(status = 'succeeded', NULL, outcome) AS outcome`;
