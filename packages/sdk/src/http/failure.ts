import type { ConnectorErrorOptions } from '@automate/contract';
import {
  AuthFailedError,
  ConfigInvalidError,
  ConnectorError,
  ConnectorInternalError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/contract';

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

const DNS: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL']);
const UNREACHABLE: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);

/** Faults that OpenSSL finds in the other side's certificate, and Node with its name. */
const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|^(INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/;
/** Alerts by which the other side refuses ours. */
const CERTIFICATE_REFUSED =
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|ACCESS_DENIED)|ALERT_HANDSHAKE_FAILURE/;
const TLS = /^(ERR_SSL|ERR_TLS|EPROTO)/;

/** The connector error for a request that brought no answer. */
export function failureOf(thrown: unknown, request: FailedRequest): ConnectorError {
  if (ConnectorError.is(thrown)) return thrown;
  const { what, url, connected } = request;
  if (thrown instanceof BodyTooLargeError) {
    return new UpstreamError(
      `${what} answered with more than ${thrown.maxBytes} bytes; ask for less, or raise maxBytes`,
      {
        retryable: false,
        details: { reason: 'answer_too_large', maxBytes: thrown.maxBytes },
      },
    );
  }
  const code = codeOf(thrown);
  const options: ConnectorErrorOptions = {
    effect: connected ? 'maybe' : 'none',
    details: { reason: code.toLowerCase() },
    cause: thrown,
  };
  if (DNS.has(code)) {
    return new TransientNetworkError(
      `${what}: the name "${url.hostname}" does not resolve (${code}); the operator should check host and DNS`,
      options,
    );
  }
  if (code === 'ECONNREFUSED') {
    return new TransientNetworkError(
      `${what}: ${url.host} refused the connection; is the remote system running and the port right?`,
      options,
    );
  }
  if (UNREACHABLE.has(code))
    return new TransientNetworkError(`${what}: ${url.host} cannot be reached (${code})`, options);
  if (code === 'ETIMEDOUT') return new TimeoutError(`${what}: the network gave up waiting for ${url.host}`, options);
  return tlsFailure(code, thrown, request, options) ?? brokenOff(code, thrown, request, options);
}

function tlsFailure(
  code: string,
  thrown: unknown,
  { what, url }: FailedRequest,
  options: ConnectorErrorOptions,
): ConnectorError | undefined {
  if (url.protocol !== 'https:') return undefined;
  const details = { reason: 'tls', tls: code };
  // The other side refuses before it reads a request, even where (TLS 1.3) our end of the handshake was already done.
  const final: ConnectorErrorOptions = { ...options, retryable: false, effect: 'none' };
  if (CERTIFICATE_REFUSED.test(code)) {
    return new AuthFailedError(
      `${what}: ${url.host} did not accept our client certificate (${code}); the operator must check tls.cert_file and tls.key_file`,
      {
        ...final,
        details: { ...details, reason: 'client_certificate_refused' },
      },
    );
  }
  if (/^ERR_OSSL|KEY_VALUES_MISMATCH/.test(code)) {
    return new ConfigInvalidError(`${what}: the files under tls cannot be used (${code}); the operator must act`, {
      ...final,
      details,
    });
  }
  if (CERTIFICATE.test(code)) {
    return new TransientNetworkError(
      `${what}: the certificate of ${url.host} is not trusted: ${messageOf(thrown)} (${code}); the operator must set tls.ca_file or tls.server_name, or have the certificate renewed`,
      { ...final, details: { ...details, reason: 'tls_certificate' } },
    );
  }
  if (TLS.test(code)) {
    return new TransientNetworkError(
      `${what}: TLS with ${url.host} failed (${code}); does it speak TLS on this port?`,
      { ...final, details },
    );
  }
  return undefined;
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

/** Node tries all addresses of a name and then gives one error for all. */
function codeOf(thrown: unknown): string {
  const { code, errors } = (thrown ?? {}) as { readonly code?: unknown; readonly errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(thrown);
}
