import { createConnectorError, socketError, TransientNetworkError } from '@automate/sdk';
import type { ConnectorError, ConnectorErrorOptions, ErrorCode } from '@automate/sdk';
import type { Effects, Fault } from '@automate/sql';
import { EFFECTS } from '@automate/sql';

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly numbers: readonly number[];
}

/** What the server's error numbers mean to a caller. */
const MEANINGS: readonly Meaning[] = [
  { code: 'AUTH_FAILED', reason: 'credentials', numbers: [1045, 1251, 1698, 1862, 2059, 3118, 4151] },
  { code: 'FORBIDDEN', reason: 'permission_denied', numbers: [1044, 1142, 1143, 1227, 1370, 1410, 1419] },
  { code: 'FORBIDDEN', reason: 'read_only', numbers: [1290, 1792, 1836] },
  { code: 'FORBIDDEN', reason: 'not_permitted', numbers: [1148, 3948, 4166] },
  { code: 'ALREADY_EXISTS', reason: 'constraint', numbers: [1062, 1586, 1859] },
  { code: 'ALREADY_EXISTS', reason: 'name_taken', numbers: [1007, 1050, 1060, 1061, 1304, 1359, 1396] },
  { code: 'OVERLOADED', reason: 'too_many_connections', numbers: [1040, 1203, 1226] },
  { code: 'TIMEOUT', reason: 'canceled_by_server', numbers: [1317, 1969, 3024] },
  { code: 'UPSTREAM_5XX', reason: 'deadlock', numbers: [1213, 1020] },
  { code: 'UPSTREAM_5XX', reason: 'locked', numbers: [1205, 3572] },
  { code: 'CONFIG_INVALID', reason: 'no_database', numbers: [1046] },
  { code: 'INVALID_INPUT', reason: 'value', numbers: [1210, 1264, 1265, 1364, 1366, 1406, 1411] },
  { code: 'INVALID_INPUT', reason: 'statement', numbers: [1054, 1093, 1146, 1235, 1295, 1390] },
];
/** The connection goes with these: nobody knows what becomes of a statement that ran. */
const FATAL: ReadonlySet<number> = new Set([1053, 1077, 1079, 1080, 1152, 1927, 3169]);

/** What SQLSTATE classes mean, for all other numbers. */
const CLASSES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '08': ['TRANSIENT_NETWORK', 'connection'],
  '21': ['INVALID_INPUT', 'statement'],
  '22': ['INVALID_INPUT', 'value'],
  '23': ['INVALID_INPUT', 'constraint'],
  '25': ['INVALID_INPUT', 'transaction'],
  '28': ['AUTH_FAILED', 'credentials'],
  '40': ['UPSTREAM_5XX', 'transaction_rollback'],
  '42': ['INVALID_INPUT', 'statement'],
  '45': ['INVALID_INPUT', 'raised'],
};
const UNKNOWN_DATABASE = 1049;
const UNKNOWN_VARIABLE = 1193;

export interface FaultContext {
  readonly server: string;
  readonly effects: Effects;
}

/** What anything means that went wrong with a server; undefined where it was not the server. */
export function mysqlFault(error: unknown, { server, ...sent }: FaultContext): Fault | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { errno, sqlState, neverRun } = error as Record<string, unknown>;
  const context = { server, effects: neverRun === true ? EFFECTS.transaction : sent.effects };
  if (typeof errno === 'number' && typeof sqlState === 'string' && !FATAL.has(errno)) {
    const known = fromServer(errno, sqlState, error, context);
    return { error: known, session: 'usable', cancelled: known.details?.['reason'] === 'canceled_by_server' };
  }
  const known = fromDriver(error, context);
  return known === undefined ? undefined : { error: known, session: 'broken' };
}

function fromDriver(error: object, context: FaultContext): ConnectorError | undefined {
  const { errno, code, message: text } = error as Record<string, unknown>;
  const message = String(text);
  const failed = { server: context.server, effect: context.effects.silent };
  const isLost = code === 'PROTOCOL_CONNECTION_LOST' || FATAL.has(Number(errno));
  if (isLost || /closed state|Connection lost|connection is in closed/i.test(message))
    return new TransientNetworkError(`the connection to ${context.server} broke off`, {
      effect: failed.effect,
      details: { reason: 'connection_lost' },
      cause: error,
    });
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return new TransientNetworkError(`${context.server} does not speak TLS; the operator must check tls`, {
      effect: 'none',
      details: { reason: 'tls' },
      cause: error,
    });
  // The driver puts a code of its own over that of TLS.
  if (code === 'HANDSHAKE_SSL_ERROR') return socketError({ code: tlsCodeOf(message), message }, failed);
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR' || /authentication plugin/i.test(message))
    return createConnectorError('AUTH_FAILED', message, { details: { reason: 'auth_plugin' }, cause: error });
  if (typeof code === 'string' && /^(PROTOCOL_|HANDSHAKE_)/.test(code))
    return createConnectorError('UPSTREAM_5XX', `${context.server} did not answer as MySQL does: ${message}`, {
      retryable: false,
      effect: failed.effect,
      details: { reason: 'bad_answer' },
      cause: error,
    });
  return socketError(error, failed);
}

/** The code that Node gives to what it says so of a certificate. */
function tlsCodeOf(message: string): string {
  if (/altnames|Hostname|IP: /i.test(message)) return 'ERR_TLS_CERT_ALTNAME_INVALID';
  if (/alert/i.test(message))
    return `ERR_SSL_ALERT_${/alert (.*?)(:|$)/i.exec(message)?.[1]?.toUpperCase().replaceAll(' ', '_')}`;
  return /certificate/i.test(message) ? 'CERT_NOT_TRUSTED' : 'ERR_TLS_HANDSHAKE';
}

function fromServer(errno: number, sqlState: string, cause: object, { effects }: FaultContext): ConnectorError {
  const message = String((cause as Error).message);
  const details = { errno, sqlstate: sqlState };
  const options = (reason: string): ConnectorErrorOptions => ({
    effect: effects.refused,
    details: { ...details, reason },
    cause,
  });
  if (errno === UNKNOWN_DATABASE)
    return effects === EFFECTS.nothing
      ? createConnectorError('CONFIG_INVALID', message, options('no_database'))
      : createConnectorError('INVALID_INPUT', message, options('statement'));
  const known = MEANINGS.find(({ numbers }) => numbers.includes(errno));
  if (known !== undefined) return createConnectorError(known.code, message, options(known.reason));
  const [code, reason] = CLASSES[sqlState.slice(0, 2)] ?? [
    errno === UNKNOWN_VARIABLE ? 'INVALID_INPUT' : 'UPSTREAM_5XX',
    'server_error',
  ];
  return createConnectorError(code, message, {
    ...options(reason),
    ...(reason === 'server_error' ? { retryable: false } : {}),
  });
}
