import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client';
import {
  AuthFailedError,
  ConnectorError,
  errorForStatus,
  InvalidInputError,
  normalizeError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/sdk';

/** The error code of JSON-RPC for parameters that are not what the method, or the tool, takes. */
const INVALID_PARAMS = -32602;

/** What the library throws, as a connector's error; undefined for what is not its own. */
export function toConnectorError(error: unknown): ConnectorError | undefined {
  const ofSystem = systemErrorOf(error);
  if (ofSystem !== undefined && ofSystem !== error) return normalizeError(ofSystem);
  if (UnauthorizedError.isInstance(error))
    return new AuthFailedError('the MCP server did not let the connector in (401)', { details: { status: 401 } });
  if (SdkHttpError.isInstance(error)) return fromStatus(error);
  if (SdkError.isInstance(error)) return fromSdk(error);
  if (!ProtocolError.isInstance(error)) return undefined;
  const details = { code: error.code };
  if (error.code === INVALID_PARAMS)
    return new InvalidInputError(`the MCP server refused the input: ${error.message}`, { details, cause: error });
  return new UpstreamError(`the MCP server failed: ${error.message} (${error.code})`, {
    retryable: false,
    details,
    cause: error,
  });
}

/** What the system, or our own side of the connection, said, where the library only wraps it. */
function systemErrorOf(error: unknown): unknown {
  let at = error;
  for (let step = 0; typeof at === 'object' && at !== null && step < 8; step += 1) {
    if ('syscall' in at || ConnectorError.is(at)) return at;
    const { cause, data } = at as { readonly cause?: unknown; readonly data?: { readonly cause?: unknown } };
    at = cause ?? data?.cause;
  }
  return undefined;
}

function fromStatus(error: SdkHttpError): ConnectorError {
  // The session is over: another one is opened for the next attempt, and this request was not taken.
  if (error.status === 404)
    return new TransientNetworkError('the MCP server does not know the session, or the address is not its own (404)', {
      effect: 'none',
      details: { status: 404, reason: 'session_ended' },
      cause: error,
    });
  const message = `the MCP server answered ${error.status}: ${error.message}`;
  return (
    errorForStatus(error.status, message) ??
    new UpstreamError(message, { retryable: false, details: { status: error.status } })
  );
}

function fromSdk(error: SdkError): ConnectorError {
  const { code, message } = error;
  switch (code) {
    case SdkErrorCode.RequestTimeout:
      return new TimeoutError(`the MCP server gave no answer in time: ${message}`, { cause: error });
    case SdkErrorCode.NotConnected:
      return new TransientNetworkError(`the MCP server is not connected: ${message}`, { effect: 'none', cause: error });
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.SendFailed:
      return new TransientNetworkError(`the connection to the MCP server has ended: ${message}`, { cause: error });
    default:
      return new UpstreamError(`the MCP server cannot be understood: ${message}`, {
        retryable: false,
        details: { reason: 'not_the_service', code },
        cause: error,
      });
  }
}
