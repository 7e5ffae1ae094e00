import { ConnectorError, createConnectorError, errorForStatus, parseRetryAfter, UpstreamError } from '@automate/sdk';
import type { ConnectorErrorOptions, ErrorCode } from '@automate/sdk';
import { networkError } from './network-error.ts';
import type { Asked } from './network-error.ts';

/** What the names of S3's own errors mean to a caller. Names that are not here are judged by their status. */
const CODE_OF_NAME: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'NOT_FOUND',
  NoSuchBucket: 'NOT_FOUND',
  NoSuchVersion: 'NOT_FOUND',
  NotFound: 'NOT_FOUND',
  BucketAlreadyExists: 'ALREADY_EXISTS',
  BucketAlreadyOwnedByYou: 'ALREADY_EXISTS',
  SignatureDoesNotMatch: 'AUTH_FAILED',
  InvalidAccessKeyId: 'AUTH_FAILED',
  ExpiredToken: 'AUTH_FAILED',
  InvalidToken: 'AUTH_FAILED',
  TokenRefreshRequired: 'AUTH_FAILED',
  RequestTimeTooSkewed: 'AUTH_FAILED',
  AccessDenied: 'FORBIDDEN',
  AllAccessDisabled: 'FORBIDDEN',
  AccountProblem: 'FORBIDDEN',
  SlowDown: 'RATE_LIMITED',
  SlowDownRead: 'RATE_LIMITED',
  SlowDownWrite: 'RATE_LIMITED',
  Throttling: 'RATE_LIMITED',
  ThrottlingException: 'RATE_LIMITED',
  TooManyRequests: 'RATE_LIMITED',
  RequestLimitExceeded: 'RATE_LIMITED',
  RequestTimeout: 'TIMEOUT',
  // The bucket lives in another region, or the endpoint insists on its own.
  PermanentRedirect: 'CONFIG_INVALID',
  TemporaryRedirect: 'CONFIG_INVALID',
  AuthorizationHeaderMalformed: 'CONFIG_INVALID',
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: '; the operator must check access key and secret key (and the clock)',
  CONFIG_INVALID: '; the operator must check the setting region',
};

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** The connector error for what the AWS library has thrown. */
export function s3Error(thrown: unknown, asked: Asked): ConnectorError {
  if (ConnectorError.is(thrown)) return thrown;
  const { name = '', message = '', $metadata, $response } = (thrown ?? {}) as Thrown;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  if (status === undefined) return networkError(thrown, asked);
  const retryAfterMs = parseRetryAfter($response?.headers?.['retry-after']);
  const options: ConnectorErrorOptions = {
    details: { status, ...(isPlainName(name) ? { s3_error: name } : {}) },
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const said = saying(name, message, status);
  const code = Object.hasOwn(CODE_OF_NAME, name) ? CODE_OF_NAME[name] : status === 301 ? 'CONFIG_INVALID' : undefined;
  if (code !== undefined) {
    return createConnectorError(
      code,
      `${asked.what} was refused by ${asked.endpoint}: ${said}${HINTS[code] ?? ''}`,
      options,
    );
  }
  return (
    errorForStatus(status, `${asked.what} failed at ${asked.endpoint}: ${said}`, options) ??
    badAnswer(asked, said, thrown)
  );
}

/** An answer that S3 would not give. */
export function badAnswer({ what, endpoint }: Asked, found: string, cause?: unknown): UpstreamError {
  return new UpstreamError(
    `${endpoint} did not answer ${what} as S3 does (${found}); check scheme, host, port and base_path of the connector`,
    { retryable: false, details: { reason: 'bad_answer' }, cause },
  );
}

/** Names that the library makes up say nothing. */
const isPlainName = (name: string): boolean =>
  /^[A-Z][A-Za-z0-9]+$/.test(name) && !['Error', 'UnknownError', 'Unknown'].includes(name);

/** A HEAD has no body, so all that is known of its failure is the status. */
function saying(name: string, message: string, status: number): string {
  const known = [isPlainName(name) ? name : '', message === 'UnknownError' || message === name ? '' : message];
  return [...known.filter((part) => part !== ''), `status ${status}`].join(', ');
}
