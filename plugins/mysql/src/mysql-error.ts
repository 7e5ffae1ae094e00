import { createConnectorError, socketError, UpstreamError } from '@automate/sdk';
import type { ConnectorError, Effect } from '@automate/sdk';
import { brokenOff, demoted, maskStatement, meaningOf, SQL_STATES, toError, withoutTls } from '@automate/sql';
import type { Circumstances, Fault, Meaning, Meanings } from '@automate/sql';
import { SAYS_ANOTHER_ROW, traits } from './mysql-traits.ts';

/** What the server's error numbers mean to a caller. */
export const MEANINGS: Meanings = [
  { code: 'AUTH_FAILED', reason: 'credentials', of: [1045, 1251, 1698, 1862, 2059, 3118, 4151] },
  { code: 'FORBIDDEN', reason: 'permission_denied', of: [1044, 1142, 1143, 1227, 1370, 1410, 1419] },
  // It was to read only because the caller said so, by the action or by a statement.
  { code: 'FORBIDDEN', reason: 'read_only', blame: 'caller', of: [1792, 1836] },
  { code: 'FORBIDDEN', reason: 'not_permitted', of: [1148, 1290, 3948, 4166] },
  { code: 'ALREADY_EXISTS', reason: 'constraint', of: [1062, 1586, 1859] },
  { code: 'ALREADY_EXISTS', reason: 'name_taken', of: [1007, 1050, 1060, 1061, 1304, 1359, 1396] },
  { code: 'OVERLOADED', reason: 'too_many_connections', of: [1040, 1203, 1226] },
  { code: 'UPSTREAM_5XX', reason: 'deadlock', of: [1213, 1020] },
  { code: 'UPSTREAM_5XX', reason: 'locked', of: [1205, 3572] },
  { code: 'CONFIG_INVALID', reason: 'no_database', of: [1046] },
  { code: 'INVALID_INPUT', reason: 'value', of: [1153, 1210, 1264, 1265, 1298, 1364, 1366, 1406, 1411] },
  { code: 'INVALID_INPUT', reason: 'statement', of: [1049, 1054, 1093, 1133, 1146, 1235, 1295, 1390] },
];
/** The connection goes with these: nobody knows what becomes of a statement that ran. */
const FATAL: ReadonlySet<number> = new Set([1053, 1077, 1079, 1080, 1152, 1927, 3169]);
/** Somebody else ended the statement, by hand or by a limit of the server, or the connection with it, and means it. */
export const KILLED: ReadonlySet<number> = new Set([1317, 1927, 1969, 3024]);
/** The server takes no changes: it was demoted, or was never meant for them. */
const READ_ONLY: ReadonlySet<number> = new Set([1290, 1792, 1836]);
const INCORRECT_VALUE = 1292;
/** What a server finds out before a statement that may commit on its way has done anything. */
export const BEFORE_ACTING: ReadonlySet<number> = new Set([
  1007, 1044, 1046, 1049, 1050, 1060, 1061, 1064, 1142, 1143, 1148, 1227, 1235, 1290, 1295, 1304, 1359, 1792, 1836,
  3948, 4166,
]);

/** Statements that define something, single ones of which fail before they act. */
const DEFINES = /^[\s;(]*(?:alter|create|drop|rename|truncate|grant|revoke|optimize|analyze|flush|set)\b/i;
const UNKNOWN_VARIABLE = 1193;
const OUT_OF_RANGE = 1690;

/** What the server could not read as a date; empty for any other error. */
export function unreadDate(error: unknown): string {
  const { errno, message } = Object(error) as { readonly errno?: unknown; readonly message?: unknown };
  return errno === INCORRECT_VALUE ? String(message) : '';
}

/** Whether a statement that met this error has certainly done nothing, whatever else it may leave behind. */
export function actsNever(sql: string, error: unknown): boolean {
  const { errno } = Object(error) as { readonly errno?: unknown };
  return BEFORE_ACTING.has(Number(errno)) && DEFINES.test(maskStatement(traits.grammar, sql));
}

/** What went wrong with a server; undefined where it was not the server. */
export function mysqlFault(error: unknown, { effects, server, reading }: Circumstances): Fault | undefined {
  const { errno, sqlState, code, message: text } = Object(error) as Record<string, unknown>;
  const message = String(text);
  if (typeof errno === 'number' && typeof sqlState === 'string') {
    if (FATAL.has(errno)) return brokenOff(server, effects.silent, error, !KILLED.has(errno));
    const options = { effect: effects.refused, details: { errno, sqlstate: sqlState }, cause: error };
    if (READ_ONLY.has(errno) && !reading && (errno !== 1290 || /read.?only/i.test(message)))
      return demoted(server, message, options);
    const known =
      errno === OUT_OF_RANGE && SAYS_ANOTHER_ROW.test(message)
        ? toError(TAKEN, TAKES_ANOTHER_ROW, options)
        : toError(meaningIn(errno, sqlState), message, options);
    return { error: known, session: 'usable', cancelled: KILLED.has(errno) };
  }
  if (code === 'PROTOCOL_CONNECTION_LOST' || /closed state|Connection lost|connection is in closed/i.test(message))
    return brokenOff(server, effects.silent, error);
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return withoutTls(server, error);
  const failed = { server, effect: effects.silent };
  // The driver puts a code of its own over that of TLS.
  const known =
    code === 'HANDSHAKE_SSL_ERROR'
      ? socketError({ code: tlsCodeOf(message), message }, failed)
      : (driverError(code, message, failed, error) ?? socketError(error, failed));
  return known && { error: known, session: 'broken' };
}

/** Errors that the driver itself finds. */
function driverError(
  code: unknown,
  message: string,
  { server, effect }: { readonly server: string; readonly effect: Effect },
  cause: unknown,
): ConnectorError | undefined {
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR' || /authentication plugin/i.test(message))
    return createConnectorError('AUTH_FAILED', message, { details: { reason: 'auth_plugin' }, cause });
  if (typeof code !== 'string' || !/^(PROTOCOL_|HANDSHAKE_)/.test(code)) return undefined;
  return new UpstreamError(`${server} did not answer as MySQL does: ${message}`, {
    retryable: false,
    effect,
    details: { reason: 'bad_answer' },
    cause,
  });
}

/** The code that Node gives to what it says so of a certificate. */
function tlsCodeOf(message: string): string {
  if (/altnames|Hostname|IP: /i.test(message)) return 'ERR_TLS_CERT_ALTNAME_INVALID';
  if (/alert/i.test(message))
    return `ERR_SSL_ALERT_${/alert (.*?)(:|$)/i.exec(message)?.[1]?.toUpperCase().replaceAll(' ', '_')}`;
  return /certificate/i.test(message) ? 'CERT_NOT_TRUSTED' : 'ERR_TLS_HANDSHAKE';
}

function meaningIn(errno: number, sqlState: string): Meaning {
  if (KILLED.has(errno)) return CANCELED;
  return meaningOf(MEANINGS, errno) ?? meaningOf(SQL_STATES, sqlState.slice(0, 2)) ?? meaningOfRest(errno);
}

const CANCELED: Meaning = {
  code: 'UPSTREAM_5XX',
  reason: 'canceled_by_server',
  retryable: false,
  before: 'somebody cancelled the statement in the server: ',
};
const TAKEN: Meaning = { code: 'ALREADY_EXISTS', reason: 'constraint' };
const TAKES_ANOTHER_ROW =
  'a row has the values that another row has in a unique key, and not in the key of the call; nothing was updated';

function meaningOfRest(errno: number): Meaning {
  const code = errno === UNKNOWN_VARIABLE ? 'INVALID_INPUT' : 'UPSTREAM_5XX';
  return { code, reason: 'server_error', retryable: false };
}
