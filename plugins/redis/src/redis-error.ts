import {
  ConnectorError,
  createConnectorError,
  socketError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/sdk';
import type { ErrorCode, FailedConnection } from '@automate/sdk';

/** What the first word of an error reply means. Redis refuses before it does anything, so none of them had an effect. */
const MEANINGS: Readonly<Record<string, ErrorCode>> = {
  NOAUTH: 'AUTH_FAILED',
  WRONGPASS: 'AUTH_FAILED',
  NOPERM: 'FORBIDDEN',
  WRONGTYPE: 'INVALID_INPUT',
  ERR: 'INVALID_INPUT',
  NOSCRIPT: 'INVALID_INPUT',
  BUSYKEY: 'ALREADY_EXISTS',
  BUSYGROUP: 'ALREADY_EXISTS',
  NOGROUP: 'NOT_FOUND',
  MOVED: 'CONFIG_INVALID',
  ASK: 'CONFIG_INVALID',
  CROSSSLOT: 'INVALID_INPUT',
};
/** Errors that do not go away by waiting. */
const LASTING: ReadonlySet<string> = new Set(['MISCONF', 'OOM', 'READONLY']);

/** Failures of the driver's by which nothing was sent. */
const NOT_SENT = /^(ClientClosedError|ClientOfflineError)$/;
/** Failures of the driver's on a connection that was there. */
const BROKE_OFF = /^(SocketClosedUnexpectedlyError|DisconnectsClientError|SocketTimeoutError|ReconnectStrategyError)$/;

/** The connector error for anything that went wrong with a server; undefined where it was not the server. */
export function redisError(error: unknown, context: FailedConnection): ConnectorError | undefined {
  if (ConnectorError.is(error)) return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { message: text } = error as { readonly message?: unknown };
  const message = String(text);
  const name = error.constructor.name;
  if (isReply(error)) return fromReply(message, error);
  const lost = { details: { reason: 'connection_lost' }, cause: error };
  if (NOT_SENT.test(name))
    return new TransientNetworkError(`${context.server} is not connected`, { ...lost, effect: 'none' });
  if (name === 'ConnectionTimeoutError')
    return new TimeoutError(`${context.server} did not let us in in time`, { effect: 'none', cause: error });
  if (BROKE_OFF.test(name))
    return new TransientNetworkError(`the connection to ${context.server} broke off`, {
      ...lost,
      effect: context.effect,
    });
  if (/RESP type/i.test(message))
    return new UpstreamError(`${context.server} did not answer as Redis does; check host and port of the connector`, {
      retryable: false,
      effect: context.effect,
      details: { reason: 'bad_answer' },
      cause: error,
    });
  return socketError(error, context);
}

/** Error replies by the driver's class, and by its name in another copy of the driver. */
function isReply(error: object): boolean {
  return /^(SimpleError|BlobError|ErrorReply)$/.test(error.constructor.name);
}

function fromReply(message: string, cause: object): ConnectorError {
  const word = /^[A-Z]+/.exec(message)?.[0] ?? '';
  const options = { effect: 'none', details: { reason: word.toLowerCase() }, cause } as const;
  if (/max number of clients/.test(message))
    return createConnectorError('OVERLOADED', message, { ...options, details: { reason: 'too_many_connections' } });
  if (/DB index is out of range|invalid DB index/.test(message))
    return createConnectorError('CONFIG_INVALID', message, { ...options, details: { reason: 'no_database' } });
  if (/invalid password|without any password configured|AUTH <password>/.test(message))
    return createConnectorError('AUTH_FAILED', message, options);
  const code = MEANINGS[word];
  if (code !== undefined) return createConnectorError(code, message, options);
  return new UpstreamError(message, { ...options, retryable: !LASTING.has(word) });
}
