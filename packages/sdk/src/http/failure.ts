import type { ConnectorErrorOptions } from '@automate/contract';
import {
  ConnectorError,
  ConnectorInternalError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/contract';
import { networkCodeOf } from '../network-fault.ts';
import { connectionError } from '../socket-error.ts';

/** The answer is longer than the caller takes. */
export class BodyTooLargeError extends Error {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.maxBytes = maxBytes;
  }
}

/** What is known of a request that failed. */
export interface FailedRequest {
  /** `GET http://host/path`, for messages. */
  readonly what: string;
  readonly url: URL;
  readonly connected: boolean;
}

/** The connector error for a request that brought no answer. */
export function failureOf(thrown: unknown, request: FailedRequest): ConnectorError {
  if (ConnectorError.is(thrown)) return thrown;
  const { what, url, connected } = request;
  if (thrown instanceof BodyTooLargeError) {
    return new UpstreamError(
      `${what} answered with more than ${thrown.maxBytes} bytes; ask for less, or for more room where the action lets you`,
      {
        retryable: false,
        details: { reason: 'answer_too_large', maxBytes: thrown.maxBytes },
      },
    );
  }
  const never = connectionError(thrown, { server: url.host, effect: connected ? 'maybe' : 'none', what });
  // With TLS 1.3 our end of the handshake may be done already; the other side still refuses before it reads a request.
  if (never !== undefined) return never;
  const code = networkCodeOf(thrown);
  const options: ConnectorErrorOptions = {
    effect: connected ? 'maybe' : 'none',
    details: { reason: code.toLowerCase() },
    cause: thrown,
  };
  if (code === 'ETIMEDOUT') return new TimeoutError(`${what}: the network gave up waiting for ${url.host}`, options);
  return brokenOff(code, thrown, request, options);
}

function brokenOff(
  code: string,
  thrown: unknown,
  { what, url }: FailedRequest,
  options: ConnectorErrorOptions,
): ConnectorError {
  if (code.startsWith('HPE_')) {
    return new UpstreamError(`${what}: what ${url.host} answered is not HTTP (${code}); is the port right?`, {
      ...options,
      retryable: false,
      details: { reason: 'bad_http' },
    });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new TransientNetworkError(
      `${what}: ${url.host} broke off the connection before the answer was complete (${code})`,
      options,
    );
  }
  if (code !== '') return new TransientNetworkError(`${what} failed: ${messageOf(thrown)} (${code})`, options);
  return new ConnectorInternalError(`${what} failed: ${messageOf(thrown)}`, {
    cause: thrown,
    effect: options.effect ?? 'maybe',
  });
}

function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(thrown);
}
