import { ConfigInvalidError } from '@automate/sdk';
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
}

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
    'SELECT @@time_zone AS zone, @@system_time_zone AS machine, @@sql_mode AS mode, @@autocommit AS autocommit',
  );
  const timeZone = String(row['zone']);
  const key = `${timeZone} ${String(row['machine'])}`;
  const reading = zones.get(key) ?? fixedTimeZone(timeZone, String(row['machine'])) ?? readTimeZone(ask);
  const known = Promise.resolve(reading);
  zones.set(key, known);
  try {
    const modes = new Set([...String(mode ?? row['mode']).split(','), ...(mode === undefined ? STRICT : [])]);
    return { isMariaDb, timeZone, sqlMode: [...modes].filter(Boolean).join(','), zone: await known };
  } catch (error) {
    zones.delete(key);
    throw error;
  }
}

/** Sets all that we rely on: after each call the server has gone back to its own settings. */
export function settingsOf(
  { isMariaDb, timeZone, sqlMode }: SessionDefaults,
  { timeoutMs, rows, isolation = DEFAULT_ISOLATION }: Pick<Begin, 'timeoutMs' | 'rows' | 'isolation'>,
): string {
  const assignments = [
    'NAMES utf8mb4',
    'autocommit = 1',
    "completion_type = 'NO_CHAIN'",
    'sql_auto_is_null = 0',
    // The warnings are looked at.
    'max_error_count = 64',
    `sql_mode = ${quote(sqlMode)}`,
    `time_zone = ${quote(timeZone)}`,
    `sql_select_limit = ${rows ?? ALL_ROWS}`,
    // MySQL limits only what SELECT may take; for the rest there is KILL.
    isMariaDb ? `max_statement_time = ${timeoutMs / 1000}` : `max_execution_time = ${timeoutMs}`,
    `${isMariaDb ? 'tx_isolation' : 'transaction_isolation'} = '${isolation.replace('_', '-').toUpperCase()}'`,
  ];
  return `SET ${assignments.join(', ')}`;
}

/**
 * Looks whether the session is as we set it: something between us and the server may have kept the settings for itself.
 *
 * @throws ConfigInvalidError that names what is different.
 */
export async function checkSettings(ask: Ask, defaults: SessionDefaults, server: string): Promise<void> {
  const [row = {}] = await ask(
    `SELECT @@autocommit AS autocommit, @@completion_type AS completion_type, @@sql_auto_is_null AS sql_auto_is_null,
      @@character_set_client AS character_set_client, @@character_set_results AS character_set_results,
      @@time_zone AS time_zone, @@sql_mode AS sql_mode`,
  );
  const wanted: Record<string, string> = {
    autocommit: '1',
    completion_type: 'NO_CHAIN',
    sql_auto_is_null: '0',
    character_set_client: 'utf8mb4',
    character_set_results: 'utf8mb4',
    time_zone: defaults.timeZone,
  };
  const different = Object.entries(wanted).find(([name, value]) => String(row[name]) !== value);
  const modes = String(row['sql_mode']).split(',');
  const missing = STRICT.find((mode) => defaults.sqlMode.includes(mode) && !modes.includes(mode));
  if (different === undefined && missing === undefined) return;
  const [name, value] = different ?? ['sql_mode', missing ?? ''];
  throw new ConfigInvalidError(
    `${server}: the session's ${name} was set to ${value} and is ${String(row[name])}; the operator must have the proxy in between pass on settings`,
    { effect: 'none', details: { reason: 'session_setting', setting: name } },
  );
}

/** A text as a literal, however backslashes are read. */
function quote(text: string): string {
  return /^[\w+:,/ -]*$/.test(text) ? `'${text}'` : `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`;
}
