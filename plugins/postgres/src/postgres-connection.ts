import type { NetConnectOpts } from 'node:net';
import { ConfigInvalidError, InvalidInputError } from '@automate/sdk';
import type { Begin, Page, SqlConnection, Statement, StatementResult } from '@automate/sql';
import { readStatement } from '@automate/sql';
import pg from 'pg';
import type { ClientConfig } from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { StatementExchange } from './statement-exchange.ts';
import type { PostgresType } from './types.ts';
import { traits } from './postgres-traits.ts';
import { BUILTIN, TYPES_BY_NUMBER } from './types.ts';

/** How long leaving may take, in milliseconds. */
const GRACE_MS = 1000;

const ISOLATION: Readonly<Record<string, string>> = {
  read_committed: 'READ COMMITTED',
  repeatable_read: 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
};

/** What a session is set to, so that values come in one format whatever the server's own settings are. */
const FORMATS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
};

const UNKNOWN_SETTING = '22023';

/** First words of statements that set something for longer than a transaction. */
const SESSION_WORDS: ReadonlySet<string> = new Set([
  'set',
  'reset',
  'discard',
  'listen',
  'unlisten',
  'load',
  'deallocate',
]);

/** What other statements leave in the session: temporary tables, cursors, locks. */
const OUTLASTS =
  /^\W*(?:create\s+(?:(?:local|global)\s+)?temp|declare\b.*\bwith\s+hold\b)(?!.*\bon\s+commit\s+drop\b)|\binto\s+(?:(?:local|global)\s+)?temp(?:orary)?\b|\bpg_(?:try_)?advisory_lock/s;

/** Whether a session differs after a statement from what it was, for longer than a transaction. */
function outlastsTransaction(word: string, skeleton: string): boolean {
  if (SESSION_WORDS.has(word)) return !/^\W*set\s+(?:local|transaction|constraints)\b/.test(skeleton);
  const count = (pattern: RegExp): number => skeleton.match(pattern)?.length ?? 0;
  return OUTLASTS.test(skeleton) || count(/\bset_config\s*\(/g) > count(/,\s*true\s*\)/g);
}

/** What the driver's published types leave out. */
interface Inner {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: { readonly stream: { destroy(): void } };
  readonly readyForQuery: boolean;
  getTransactionStatus(): string | null;
}

export interface ConnectionOptions extends ClientConfig {
  readonly address: NetConnectOpts;
  readonly timeZone: string | undefined;
}

/** One session of a server, or of a pooler before it. */
export class PostgresConnection implements SqlConnection {
  readonly #client: pg.Client;
  readonly #inner: Inner;
  readonly #address: NetConnectOpts;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #types = new Map<number, PostgresType>(BUILTIN);
  #isPooled = true;
  #limitMs = Number.POSITIVE_INFINITY;
  #isOpen = true;

  /** Opens one, unless `giveUp` fires before. */
  static async open(
    { address, timeZone, ...options }: ConnectionOptions,
    giveUp: AbortSignal,
  ): Promise<PostgresConnection> {
    const connection = new PostgresConnection(new pg.Client(options), address, timeZone);
    const destroy = (): void => connection.destroy();
    giveUp.addEventListener('abort', destroy, { once: true });
    try {
      await connection.#client.connect();
      await connection.#look(timeZone);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      giveUp.removeEventListener('abort', destroy);
    }
  }

  private constructor(client: pg.Client, address: NetConnectOpts, timeZone: string | undefined) {
    this.#client = client;
    this.#inner = client as unknown as Inner;
    this.#address = address;
    this.#settings = { ...FORMATS, ...(timeZone === undefined ? {} : { TimeZone: timeZone }) };
    // Without a listener a connection that breaks while nobody uses it would end the worker.
    client.on('error', () => (this.#isOpen = false));
    client.on('end', () => (this.#isOpen = false));
  }

  get isIdle(): boolean {
    return this.#inner.readyForQuery;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async begin({ readOnly, isolation, timeoutMs }: Begin): Promise<void> {
    // What a call reads by several statements belongs together.
    const wanted = isolation ?? (readOnly ? 'repeatable_read' : undefined);
    const level = wanted === undefined ? '' : ` ISOLATION LEVEL ${ISOLATION[wanted]}`;
    await this.#client.query(`BEGIN${level}${readOnly ? ' READ ONLY' : ''}; ${this.#set('LOCAL', timeoutMs)}`);
  }

  async prepare({ timeoutMs }: Pick<Begin, 'timeoutMs'>): Promise<void> {
    if (!this.#isPooled) await this.#client.query(this.#set('SESSION', timeoutMs));
  }

  async run(statement: Statement, page: Page): Promise<StatementResult> {
    refuseTooManyParameters(statement);
    if (this.#isPooled) this.#refuseSessionChange(statement.sql);
    for (;;) {
      const result = await this.#client.query(new StatementExchange(statement, page, this.#types)).done;
      if (!('unknown' in result)) return result;
      await this.#learnTypes(result.unknown);
    }
  }

  async commit(): Promise<void> {
    const { command } = await this.#client.query('COMMIT');
    // The server answers so where the transaction had failed without anyone saying it.
    if (command === 'ROLLBACK') throw Object.assign(new Error('the server rolled the transaction back'), ROLLED_BACK);
  }

  async reset(): Promise<void> {
    if (this.#inner.getTransactionStatus() !== 'I') await this.#client.query('ROLLBACK');
    // A pooler itself has its servers forget, in the way that it is set to, when we leave.
    if (this.#isPooled) this.#isOpen = false;
    else await this.#client.query('DISCARD ALL');
  }

  async cancel(): Promise<void> {
    const { processID, secretKey } = this.#inner;
    if (processID !== null && secretKey !== null)
      await cancelStatement({ address: this.#address, processId: processID, secretKey });
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    const timer = setTimeout(() => this.destroy(), GRACE_MS);
    await this.#client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  destroy(): void {
    this.#isOpen = false;
    this.#inner.connection.stream.destroy();
  }

  /** A pooler has numbers of its own. Its servers serve others too, so that nothing may be set there for longer than a transaction. */
  async #look(timeZone: string | undefined): Promise<void> {
    const sql = `SELECT pg_catalog.pg_backend_pid() AS pid,
      (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::float8 AS limit_ms,
      pg_catalog.set_config('TimeZone', coalesce($1, current_setting('TimeZone')), true)`;
    try {
      const { rows } = await this.#client.query<{ pid: number; limit_ms: number }>(sql, [timeZone ?? null]);
      this.#isPooled = rows[0]?.pid !== this.#inner.processID;
      // What an administrator has set is not made longer; on a pooler's server it may be another client's.
      const limitMs = rows[0]?.limit_ms ?? 0;
      if (!this.#isPooled && limitMs > 0) this.#limitMs = limitMs;
    } catch (error) {
      if (timeZone === undefined || (error as { readonly code?: unknown }).code !== UNKNOWN_SETTING) throw error;
      throw new ConfigInvalidError(
        `settings.time_zone is "${timeZone}", which the server does not know; the operator must act`,
        { details: { reason: 'time_zone' }, cause: error },
      );
    }
  }

  /** On a server that a pooler gives to others next, they would go on with what is set here. */
  #refuseSessionChange(sql: string): void {
    const { word, skeleton } = readStatement(traits.grammar, sql);
    if (!outlastsTransaction(word, skeleton)) return;
    const expected =
      'no statement that changes the session, which a pooler gives to others; SET LOCAL, set_config(…, true), ON COMMIT DROP and pg_advisory_xact_lock() end with the transaction';
    throw new InvalidInputError(`sql: expected ${expected}, received ${word.toUpperCase()}`, {
      problems: [{ path: 'sql', expected, received: word.toUpperCase() }],
      details: { reason: 'statement' },
    });
  }

  async #learnTypes(oids: readonly number[]): Promise<void> {
    const { rows } = await this.#client.query<Record<'oid' | 'name' | 'element' | 'base', string | null>>(
      TYPES_BY_NUMBER,
      [oids],
    );
    for (const oid of oids) this.#types.set(oid, { name: `oid ${oid}` });
    for (const { oid, name, element, base } of rows)
      this.#types.set(Number(oid), {
        name: name ?? '',
        ...(element === null ? {} : { element: Number(element) }),
        ...(base === null ? {} : { base: Number(base) }),
      });
  }

  #set(scope: 'LOCAL' | 'SESSION', timeoutMs: number): string {
    const settings = Object.entries({ ...this.#settings, statement_timeout: `${Math.min(timeoutMs, this.#limitMs)}` });
    return settings.map(([name, value]) => `SET ${scope} ${name} = ${pg.escapeLiteral(value)}`).join('; ');
  }
}

/** The driver takes the number of parameters that the server tells for a signed one, and breaks the worker by it. */
function refuseTooManyParameters({ sql, params }: Statement): void {
  const { skeleton } = /\$\d{5}/.test(sql) ? readStatement(traits.grammar, sql) : { skeleton: '' };
  const numbers = [...skeleton.matchAll(/\$(\d{5,})/g)].map(([, number]) => Number(number));
  const received = numbers.reduce((most, number) => Math.max(most, number), params.length);
  if (received <= traits.maxParameters) return;
  const expected = `at most ${traits.maxParameters} values`;
  throw new InvalidInputError(`params: expected ${expected}, received ${received}; an array is one value`, {
    problems: [{ path: 'params', expected, received: `${received}` }],
    details: { reason: 'parameters' },
  });
}

/** As the server would say it. */
const ROLLED_BACK = { code: '40000', severity: 'ERROR' };
