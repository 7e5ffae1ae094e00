import type { NetConnectOpts } from 'node:net';
import { ConfigInvalidError } from '@automate/sdk';
import type { Begin, Page, SqlConnection, Statement, StatementResult } from '@automate/sql';
import { checkSession, readStatement, unlessGivenUp, wrongInput } from '@automate/sql';
import pg from 'pg';
import type { ClientConfig } from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { StatementExchange } from './statement-exchange.ts';
import type { PostgresType } from './types.ts';
import { traits } from './postgres-traits.ts';
import { BUILTIN, TYPES_BY_NUMBER } from './types.ts';

/** How long leaving may take, in milliseconds. */
const GRACE_MS = 1000;

/** What a session is set to, so that values come in one format whatever the server's own settings are. */
const FORMATS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  client_encoding: 'UTF8',
};

const UNKNOWN_SETTING = '22023';

/** What the driver's published types leave out. */
interface Inner {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: { readonly stream: { destroy(): void } };
  readonly readyForQuery: boolean;
  getTransactionStatus(): string | null;
}

/** What a new session says of itself. */
interface Looked {
  readonly pid: number;
  readonly limit_ms: number;
  readonly formats: Readonly<Record<string, unknown>>;
}

export interface ConnectionOptions extends ClientConfig {
  /** For messages. */
  readonly server: string;
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
  static async open(options: ConnectionOptions, giveUp: AbortSignal): Promise<PostgresConnection> {
    const connection = new PostgresConnection(options);
    return unlessGivenUp(giveUp, connection, async () => {
      await connection.#client.connect();
      await connection.#look(options);
      return connection;
    });
  }

  private constructor({ address, timeZone, server: _server, ...options }: ConnectionOptions) {
    const client = new pg.Client(options);
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

  async begin({ mode, isolation, timeoutMs }: Begin): Promise<void> {
    if (mode === 'open_ended') {
      if (!this.#isPooled) await this.#client.query(this.#set('SESSION', timeoutMs));
      return;
    }
    // What a call reads by several statements belongs together.
    const level = mode === 'reading' ? 'repeatable_read' : isolation;
    const words = ['BEGIN'];
    if (level !== undefined) words.push('ISOLATION LEVEL', level.replace('_', ' '));
    if (mode === 'reading') words.push('READ ONLY');
    await this.#client.query(`${words.join(' ')}; ${this.#set('LOCAL', timeoutMs)}`);
  }

  async run(statement: Statement, page: Page): Promise<StatementResult> {
    refuseTooManyParameters(statement);
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

  /**
   * Sees whether there is a pooler, which has numbers of its own, how long statements may take, and whether the session
   * is as we set it: something between us and the server may keep settings for itself.
   */
  async #look({ server, timeZone }: ConnectionOptions): Promise<void> {
    const names = Object.keys(FORMATS).map((name) => `'${name}', split_part(current_setting('${name}'), ',', 1)`);
    const sql = `BEGIN; SELECT pg_catalog.pg_backend_pid() AS pid,
        (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::float8 AS limit_ms;
      ${this.#set('LOCAL', 0)}; SELECT json_build_object(${names.join(', ')}) AS formats; ROLLBACK`;
    try {
      const results = (await this.#client.query(sql)) as unknown as readonly pg.QueryResult<Record<string, unknown>>[];
      const { pid, limit_ms: limitMs, formats } = Object.assign({}, ...results.flatMap(({ rows }) => rows)) as Looked;
      checkSession(server, FORMATS, formats);
      this.#isPooled = pid !== this.#inner.processID;
      // What an administrator has set is not made longer; on a pooler's server it may be another client's.
      if (!this.#isPooled && limitMs > 0) this.#limitMs = limitMs;
    } catch (error) {
      if (timeZone === undefined || (error as { readonly code?: unknown }).code !== UNKNOWN_SETTING) throw error;
      throw new ConfigInvalidError(
        `settings.time_zone is "${timeZone}", which the server does not know; the operator must act`,
        { details: { reason: 'time_zone' }, cause: error },
      );
    }
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
  const expected = `at most ${traits.maxParameters} values (an array is one)`;
  throw wrongInput({ path: 'params', expected, received: `${received}` });
}

/** As the server would say it. */
const ROLLED_BACK = { code: '40000', severity: 'ERROR' };
