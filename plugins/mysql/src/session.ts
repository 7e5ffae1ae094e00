import { checkSession } from '@automate/sql';
import type { Begin } from '@automate/sql';
import type { MysqlSettings } from './config.ts';
import type { TimeZone } from './time-zone.ts';
import { fixedTimeZone, readTimeZone } from './time-zone.ts';

/** What a session has of its own, which each call finds again: the server forgets it between calls. */
export interface SessionDefaults {
  readonly isMariaDb: boolean;
  readonly timeZone: string;
  readonly sqlMode: string;
  readonly zone: TimeZone;
  /** Most bytes of one message to the server. */
  readonly maxBytes: number;
  /** How long an administrator lets statements take, in milliseconds; 0: for ever. */
  readonly limitMs: number;
}

type SessionOptions = Pick<Begin, 'timeoutMs' | 'rows' | 'isolation'>;

/** Runs a statement of ours and gives its rows. */
export type Ask = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** So that no value is cut or changed without an error. */
const STRICT = ['STRICT_TRANS_TABLES', 'STRICT_ALL_TABLES'];
/** The server's own may be one in which rows are read that are never committed. */
const DEFAULT_ISOLATION = 'repeatable_read';
/** More rows than there are: no limit. */
const ALL_ROWS = '18446744073709551615';

/** Finds out about a new session: what the operator chose, else what every other client of the server sees. */
export async function readDefaults(
  ask: Ask,
  { time_zone: chosen, sql_mode: mode }: MysqlSettings,
  isMariaDb: boolean,
  zones: Map<string, Promise<TimeZone>>,
): Promise<SessionDefaults> {
  if (chosen !== undefined) await ask(`SET time_zone = ${quote(/^(?:utc|z)$/i.test(chosen) ? '+00:00' : chosen)}`);
  const [row = {}] = await ask(
    `SELECT @@time_zone AS zone, @@system_time_zone AS machine, @@sql_mode AS mode, @@max_allowed_packet AS most,
      ${isMariaDb ? '@@max_statement_time * 1000' : '@@max_execution_time'} AS limit_ms`,
  );
  const timeZone = String(row['zone']);
  const key = `${timeZone} ${String(row['machine'])}`;
  const reading = zones.get(key) ?? fixedTimeZone(timeZone, String(row['machine'])) ?? readTimeZone(ask);
  const known = Promise.resolve(reading);
  zones.set(key, known);
  try {
    const modes = new Set([...String(mode ?? row['mode']).split(','), ...(mode === undefined ? STRICT : [])]);
    return {
      isMariaDb,
      timeZone,
      sqlMode: [...modes].filter(Boolean).join(','),
      zone: await known,
      limitMs: Number(row['limit_ms']),
      maxBytes: Number(row['most']),
    };
  } catch (error) {
    zones.delete(key);
    throw error;
  }
}

/** All that we rely on, by the server's names: after each call the server has gone back to its own settings. */
function settingsOf(
  { isMariaDb, timeZone, sqlMode, limitMs }: SessionDefaults,
  { timeoutMs, rows, isolation = DEFAULT_ISOLATION }: SessionOptions,
): Readonly<Record<string, string>> {
  // What an administrator has set is not made longer.
  const ms = limitMs > 0 ? Math.min(limitMs, timeoutMs) : timeoutMs;
  return {
    character_set_client: 'utf8mb4',
    character_set_connection: 'utf8mb4',
    character_set_results: 'utf8mb4',
    autocommit: '1',
    completion_type: 'NO_CHAIN',
    sql_auto_is_null: '0',
    // The warnings are looked at.
    max_error_count: '64',
    sql_mode: sqlMode,
    time_zone: timeZone,
    sql_select_limit: `${rows ?? ALL_ROWS}`,
    // MySQL limits only what SELECT may take; for the rest there is KILL.
    ...(isMariaDb ? { max_statement_time: `${ms / 1000}` } : { max_execution_time: `${ms}` }),
    [isMariaDb ? 'tx_isolation' : 'transaction_isolation']: isolation.replace('_', '-').toUpperCase(),
  };
}

/** The statement that makes a session ready for a call. */
export function setSession(defaults: SessionDefaults, options: SessionOptions): string {
  const settings = Object.entries(settingsOf(defaults, options));
  return `SET ${settings.map(([name, value]) => `${name} = ${/^[\d.]+$/.test(value) ? value : quote(value)}`).join(', ')}`;
}

/**
 * Sets a session for the first time, and looks whether that has arrived.
 *
 * @throws ConfigInvalidError that names what is different.
 */
export async function trySession(
  ask: Ask,
  defaults: SessionDefaults,
  server: string,
  timeoutMs: number,
): Promise<void> {
  await ask(setSession(defaults, { timeoutMs }));
  const wanted = settingsOf(defaults, { timeoutMs });
  const [row = {}] = await ask(
    `SELECT ${Object.keys(wanted)
      .map((name) => `@@${name} AS ${name}`)
      .join(', ')}`,
  );
  // Some modes stand for several.
  const modes = String(row['sql_mode']).split(',');
  const kept = defaults.sqlMode.split(',').filter((mode) => !STRICT.includes(mode) || modes.includes(mode));
  checkSession(server, wanted, { ...row, sql_mode: kept.join(',') });
}

/** A text as a literal, however backslashes are read. */
function quote(text: string): string {
  return /^[\w+:,/ -]*$/.test(text) ? `'${text}'` : `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`;
}
