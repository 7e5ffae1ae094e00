import type { ConnectorErrorOptions } from '@automate/contract';
import {
  AuthFailedError,
  ConnectorError,
  ConnectorInternalError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/contract';
import { faultOf, networkCodeOf, networkReason } from '../network-fault.ts';
import { connectionError } from '../socket-error.ts';
import { showProxy } from './proxy.ts';

/** The answer is longer than the caller takes. */
export class BodyTooLargeError extends Error {
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.maxBytes = maxBytes;
  }
}

/** The server took what came in HTTP/1.1 for HTTP/2. */
export class ForeignHttp2Error extends Error {}

/** The server wants HTTP/1.1 for what came in HTTP/2, and has not looked at it. */
export class Http1RequiredError extends Error {}

/** What is known of a request that failed. */
export interface FailedRequest {
  /** `GET http://host/path`, for messages. */
  readonly what: string;
  readonly url: URL;
  readonly proxy?: URL | undefined;
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
  if (thrown instanceof ForeignHttp2Error) {
    return new UpstreamError(
      `${what}: ${url.host} speaks HTTP/2 alone and did not say so, so that it could not read the request; the operator must ask it over https, where servers say what they speak, or by a port that speaks HTTP/1.1`,
      { retryable: false, effect: 'none', blame: 'operator', details: { reason: 'http2_unannounced' }, cause: thrown },
    );
  }
  if (thrown instanceof Http1RequiredError) {
    return new UpstreamError(
      `${what}: ${url.host} refuses HTTP/1.1 in its handshake, and then HTTP/2 for this request; the operator must have it offer HTTP/1.1, or ask at another port`,
      { retryable: false, effect: 'none', blame: 'operator', details: { reason: 'http1_required' }, cause: thrown },
    );
  }
  const ofProxy = proxyError(thrown, request);
  if (ofProxy !== undefined) return ofProxy;
  const effect = connected ? 'maybe' : 'none';
  // With TLS 1.3 our end of the handshake may be done already; a certificate is still refused before a request is read.
  const known = connectionError(thrown, { server: url.host, effect, what, secured: connected });
  if (known !== undefined) return known;
  const code = networkCodeOf(thrown);
  const options: ConnectorErrorOptions = {
    effect,
    details: { reason: networkReason(code) },
    cause: thrown,
  };
  if (code === 'ETIMEDOUT') return new TimeoutError(`${what}: the network gave up waiting for ${url.host}`, options);
  return connectionFailure(code, thrown, request, options);
}

/** The error for a proxy that could not be reached, or that would not let us through: nothing was sent then. */
export function proxyError(
  thrown: unknown,
  { what, url, proxy, connected }: FailedRequest,
): ConnectorError | undefined {
  if (proxy === undefined || connected) return undefined;
  const server = showProxy(proxy);
  const { statusCode: status } = (thrown ?? {}) as { readonly statusCode?: number };
  const code = networkCodeOf(thrown);
  if (code === 'ERR_PROXY_TUNNEL') {
    const options = { effect: 'none', cause: thrown } as const;
    const details = { reason: 'proxy_refused', ...(status === undefined ? {} : { status }) } as const;
    const said = status === undefined ? 'ended the connection, or took too long,' : `answered ${status}`;
    // Some say 401 instead, as if they were the server.
    return status === 407 || status === 401
      ? new AuthFailedError(`${what}: ${server} wants other credentials (${status}); the operator must check them`, {
          ...options,
          details,
        })
      : new TransientNetworkError(`${what}: ${server} ${said} to the wish for a tunnel; the operator must check it`, {
          ...options,
          blame: 'operator',
          // What it forbids it will forbid again.
          retryable: status === undefined || status >= 500,
          details,
        });
  }
  // TLS within a tunnel is the server's: the way to the proxy is open then.
  if (url.protocol === 'https:' && !['refused', 'dns', 'unreachable'].includes(faultOf(code) ?? '')) return undefined;
  const error = connectionError(thrown, { server, effect: 'none', what });
  return error === undefined ? undefined : ConnectorError.change(error, { blame: 'operator' });
}

function connectionFailure(
  code: string,
  thrown: unknown,
  { what, url }: FailedRequest,
  options: ConnectorErrorOptions,
): ConnectorError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new UpstreamError(`${what}: ${url.host} answered with more than 64 KiB of headers`, {
      ...options,
      retryable: false,
      details: { reason: 'bad_http' },
    });
  }
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
