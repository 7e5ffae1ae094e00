import { socketError } from '@automate/sdk';
import type { ConnectorError, Effect } from '@automate/sdk';
import type { Circumstances, Fault, Meaning, Meanings } from '@automate/sql';
import { brokenOff, demoted, meaningOf, SQL_STATES, toError, withoutTls } from '@automate/sql';

/** What SQLSTATEs mean to a caller, by the longest prefix that is here. */
export const MEANINGS: Meanings = [
  ...SQL_STATES,
  { code: 'ALREADY_EXISTS', reason: 'constraint', of: ['23505', '23P01'] },
  // It was to read only because the caller said so, by the action or by a statement.
  { code: 'FORBIDDEN', reason: 'read_only', blame: 'caller', of: ['25006'] },
  { code: 'CONFIG_INVALID', reason: 'no_database', of: ['3D000'] },
  { code: 'UPSTREAM_5XX', reason: 'serialization_failure', of: ['40001'] },
  { code: 'UPSTREAM_5XX', reason: 'deadlock', of: ['40P01'] },
  { code: 'FORBIDDEN', reason: 'permission_denied', of: ['42501'] },
  { code: 'ALREADY_EXISTS', reason: 'name_taken', of: ['42701', '42710', '42723', '42P04', '42P06', '42P07'] },
  { code: 'UPSTREAM_5XX', reason: 'resources', of: ['53'] },
  { code: 'OVERLOADED', reason: 'too_many_connections', of: ['53300'] },
  { code: 'INVALID_INPUT', reason: 'limit', of: ['54'] },
  { code: 'UPSTREAM_5XX', reason: 'not_ready', retryable: false, of: ['55'] },
  { code: 'UPSTREAM_5XX', reason: 'locked', of: ['55006', '55P03'] },
  { code: 'TRANSIENT_NETWORK', reason: 'server_shutdown', of: ['57'] },
  { code: 'UPSTREAM_5XX', reason: 'canceled_by_server', retryable: false, of: ['57014'] },
  { code: 'INVALID_INPUT', reason: 'raised', of: ['P0'] },
];

const SERVER_ERROR: Meaning = { code: 'UPSTREAM_5XX', reason: 'server_error' };

/** A replica says so, and a server that was demoted. */
const READ_ONLY = '25006';

/** What PgBouncer says by one SQLSTATE for all, and the one by which the server would say it. */
const POOLER: readonly { readonly words: RegExp; readonly state: string }[] = [
  { words: /no such database/, state: '3D000' },
  { words: /authentication failed|auth failed|no such user/, state: '28' },
  { words: /no more connections|query_wait_timeout/, state: '53300' },
];

/** What anything means that went wrong with a server; undefined where it was not the server. */
export function postgresFault(error: unknown, { server, effects, reading }: Circumstances): Fault | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, severity, message: text } = error as Record<string, unknown>;
  const message = String(text);
  if (typeof code === 'string' && typeof severity === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    // After anything worse the session is gone, and with it the word on what became of the statement.
    const refused = severity === 'ERROR' && code !== '40003';
    const effect = refused ? effects.refused : effects.silent;
    if (code === READ_ONLY && !reading)
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
  const meaning = meaningOf(MEANINGS, pooler ?? state) ?? meaningOf(MEANINGS, state.slice(0, 2)) ?? SERVER_ERROR;
  return toError(meaning, message, { effect, details: { sqlstate: state, ...diagnosticFields(error) }, cause: error });
}

/** What the server names beside its message. Never `detail`: it repeats values of rows. */
function diagnosticFields(error: object): Record<string, string> {
  const { table, column, constraint, position } = error as Record<string, unknown>;
  const known = Object.entries({ table, column, constraint, position });
  return Object.fromEntries(known.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
