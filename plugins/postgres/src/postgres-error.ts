import { socketError } from '@automate/sdk';
import type { ConnectorError, Effect } from '@automate/sdk';
import type { Effects, Fault, Meaning } from '@automate/sql';
import { brokenOff, demoted, SQL_STATES, toError, withoutTls } from '@automate/sql';

/** What SQLSTATEs mean to a caller, by the longest prefix that is here. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  ...SQL_STATES,
  '23505': { code: 'ALREADY_EXISTS', reason: 'constraint' },
  '23P01': { code: 'ALREADY_EXISTS', reason: 'constraint' },
  // It was to read only because the caller said so, by the action or by a statement.
  '25006': { code: 'FORBIDDEN', reason: 'read_only', blame: 'caller' },
  '3D000': { code: 'CONFIG_INVALID', reason: 'no_database' },
  '40001': { code: 'UPSTREAM_5XX', reason: 'serialization_failure' },
  '40P01': { code: 'UPSTREAM_5XX', reason: 'deadlock' },
  '42501': { code: 'FORBIDDEN', reason: 'permission_denied' },
  '42701': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '42710': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '42723': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '42P04': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '42P06': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '42P07': { code: 'ALREADY_EXISTS', reason: 'name_taken' },
  '53': { code: 'UPSTREAM_5XX', reason: 'resources' },
  '53300': { code: 'OVERLOADED', reason: 'too_many_connections' },
  '54': { code: 'INVALID_INPUT', reason: 'limit' },
  '55': { code: 'UPSTREAM_5XX', reason: 'not_ready', retryable: false },
  '55006': { code: 'UPSTREAM_5XX', reason: 'locked' },
  '55P03': { code: 'UPSTREAM_5XX', reason: 'locked' },
  '57014': { code: 'UPSTREAM_5XX', reason: 'canceled_by_server', retryable: false },
  '57': { code: 'TRANSIENT_NETWORK', reason: 'server_shutdown' },
  P0: { code: 'INVALID_INPUT', reason: 'raised' },
};

const SERVER_ERROR: Meaning = { code: 'UPSTREAM_5XX', reason: 'server_error' };

/** A replica says so, and a server that was demoted. */
const READ_ONLY = '25006';

/** What PgBouncer says by one SQLSTATE for all, and the one by which the server would say it. */
const POOLER: readonly { readonly words: RegExp; readonly state: string }[] = [
  { words: /no such database/, state: '3D000' },
  { words: /authentication failed|auth failed|no such user/, state: '28' },
  { words: /no more connections|query_wait_timeout/, state: '53300' },
];

export interface FaultContext {
  readonly server: string;
  readonly effects: Effects;
  /** In a transaction that was to read only. */
  readonly reading: boolean;
}

/** What anything means that went wrong with a server; undefined where it was not the server. */
export function postgresFault(error: unknown, context: FaultContext): Fault | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, severity, message: text } = error as Record<string, unknown>;
  const { server, effects } = context;
  const message = String(text);
  if (typeof code === 'string' && typeof severity === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    // After anything worse the session is gone, and with it the word on what became of the statement.
    const refused = severity === 'ERROR' && code !== '40003';
    const effect = refused ? effects.refused : effects.silent;
    if (code === READ_ONLY && !context.reading)
      return demoted(server, message, { effect, details: { sqlstate: code }, cause: error });
    return {
      error: fromState(code, message, effect, error),
      session: severity === 'ERROR' ? 'usable' : 'broken',
      cancelled: code === '57014',
    };
  }
  if (/Connection terminated|not queryable|connection error|Client was closed/i.test(message))
    return brokenOff(server, effects.silent, error);
  if (/does not support SSL|establishing an SSL/.test(message)) return withoutTls(server, error);
  const known = socketError(error, { server, effect: effects.silent });
  return known === undefined ? undefined : { error: known, session: 'broken' };
}

function fromState(state: string, message: string, effect: Effect, error: object): ConnectorError {
  const pooler = state === '08P01' ? POOLER.find(({ words }) => words.test(message))?.state : undefined;
  const meaning = MEANINGS[pooler ?? state] ?? MEANINGS[state.slice(0, 2)] ?? SERVER_ERROR;
  return toError(meaning, message, { effect, details: { sqlstate: state, ...factsOf(error) }, cause: error });
}

/** What the server names beside its message. Never `detail`: it repeats values of rows. */
function factsOf(error: object): Record<string, string> {
  const { table, column, constraint, position } = error as Record<string, unknown>;
  const known = Object.entries({ table, column, constraint, position });
  return Object.fromEntries(known.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
