import { ConnectorError, createConnectorError, errorForStatus, parseRetryAfter, UpstreamError } from '@automate/sdk';
import type { ConnectorErrorOptions, ErrorCode } from '@automate/sdk';
import { networkError } from './network-error.ts';
import type { Asked } from './network-error.ts';

interface Meaning extends Pick<ConnectorErrorOptions, 'effect' | 'retryable'> {
  readonly code: ErrorCode;
  readonly reason?: string;
}

const AUTH_FAILED: Meaning = { code: 'AUTH_FAILED' };
const SLOW_DOWN: Meaning = { code: 'RATE_LIMITED' };
const OTHER_REGION: Meaning = { code: 'CONFIG_INVALID', reason: 'region' };
/** The service itself says that it has done nothing, and that the next try may go through. */
const NOT_NOW: Meaning = { code: 'UPSTREAM_5XX', effect: 'none' };
const CHANGED_ON_THE_WAY: Meaning = { code: 'TRANSIENT_NETWORK', effect: 'none', reason: 'checksum_mismatch' };

const UNKNOWN: Meaning = { code: 'UPSTREAM_5XX' };

/** What the names of S3's own errors mean to a caller. Names that are not here are judged by their status. */
export const MEANING_OF_NAME: Readonly<Record<string, Meaning>> = {
  NoSuchKey: { code: 'NOT_FOUND' },
  NoSuchBucket: { code: 'NOT_FOUND' },
  NoSuchVersion: { code: 'NOT_FOUND' },
  NotFound: { code: 'NOT_FOUND' },
  BucketAlreadyExists: { code: 'ALREADY_EXISTS' },
  BucketAlreadyOwnedByYou: { code: 'ALREADY_EXISTS' },
  PreconditionFailed: { code: 'ALREADY_EXISTS', reason: 'precondition_failed' },
  BucketNotEmpty: { code: 'INVALID_INPUT' },
  InvalidBucketState: { code: 'INVALID_INPUT' },
  InvalidObjectState: { code: 'INVALID_INPUT', reason: 'archived' },
  SignatureDoesNotMatch: AUTH_FAILED,
  InvalidAccessKeyId: AUTH_FAILED,
  ExpiredToken: AUTH_FAILED,
  InvalidToken: AUTH_FAILED,
  TokenRefreshRequired: AUTH_FAILED,
  RequestTimeTooSkewed: { code: 'AUTH_FAILED', reason: 'clock' },
  AccessDenied: { code: 'FORBIDDEN' },
  AllAccessDisabled: { code: 'FORBIDDEN' },
  AccountProblem: { code: 'FORBIDDEN' },
  SlowDown: SLOW_DOWN,
  SlowDownRead: SLOW_DOWN,
  SlowDownWrite: SLOW_DOWN,
  Throttling: SLOW_DOWN,
  ThrottlingException: SLOW_DOWN,
  TooManyRequests: SLOW_DOWN,
  RequestLimitExceeded: SLOW_DOWN,
  RequestTimeout: { code: 'TIMEOUT' },
  ConditionalRequestConflict: NOT_NOW,
  OperationAborted: NOT_NOW,
  TemporaryRedirect: NOT_NOW,
  BadDigest: CHANGED_ON_THE_WAY,
  IncompleteBody: CHANGED_ON_THE_WAY,
  XAmzContentSHA256Mismatch: CHANGED_ON_THE_WAY,
  NotImplemented: { code: 'UPSTREAM_5XX', effect: 'none', retryable: false, reason: 'not_implemented' },
  PermanentRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
};

const MEANING_OF_STATUS: Readonly<Record<number, Meaning>> = {
  301: OTHER_REGION,
  307: NOT_NOW,
  407: { code: 'AUTH_FAILED', reason: 'proxy_refused' },
  412: { code: 'ALREADY_EXISTS', reason: 'precondition_failed' },
};

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  /** What S3 adds to some errors. */
  readonly Region?: unknown;
  readonly ServerTime?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** The connector error for what the AWS library has thrown. */
export function s3Error(thrown: unknown, asked: Asked): ConnectorError {
  if (ConnectorError.is(thrown)) return thrown;
  const { name = '', message = '', $metadata, $response } = (thrown ?? {}) as Thrown;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  if (status === undefined) return networkError(thrown, asked);
  const region = regionOf(thrown as Thrown, status, asked);
  const meaning =
    region === undefined
      ? ((Object.hasOwn(MEANING_OF_NAME, name) ? MEANING_OF_NAME[name] : undefined) ?? MEANING_OF_STATUS[status])
      : OTHER_REGION;
  const retryAfterMs = parseRetryAfter($response?.headers?.['retry-after']);
  const { code, reason, ...traits } = meaning ?? { code: undefined };
  const options: ConnectorErrorOptions = {
    ...traits,
    details: {
      status,
      ...(isPlainName(name) ? { s3_error: name } : {}),
      ...(reason === undefined ? {} : { reason }),
      ...(region === undefined ? {} : { region }),
    },
    cause: thrown,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const said = saying(name, message, status);
  if (code !== undefined) {
    const hint = hintFor(code, reason, { region, asked, thrown: thrown as Thrown });
    return createConnectorError(code, `${asked.what} was refused by ${asked.endpoint}: ${said}${hint}`, options);
  }
  return (
    errorForStatus(status, `${asked.what} failed at ${asked.endpoint}: ${said}`, options) ??
    badAnswer(asked, said, thrown)
  );
}

interface KeyError {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
}
/** Most keys that an error names; how many there are is said too. */
const MAX_NAMED = 50;

/** The connector error for a deletion of many objects that left some: of the kind that waiting does not mend, if there is one. */
export function notDeleted(errors: readonly KeyError[], deleted: number, what: string): ConnectorError {
  const made = errors.map((error) => {
    const { code, reason: _, ...traits } = MEANING_OF_NAME[error.Code ?? ''] ?? UNKNOWN;
    const first = `"${error.Key}" (${error.Code}: ${error.Message})`;
    return createConnectorError(code, `${what} left ${errors.length} of ${errors.length + deleted}: ${first}`, traits);
  });
  const { code, message, retryable } = made.reduce((worst, each) =>
    worst.retryable && !each.retryable ? each : worst,
  );
  return createConnectorError(code, message, {
    retryable,
    effect: deleted === 0 && made.every(({ effect }) => effect === 'none') ? 'none' : 'maybe',
    details: {
      reason: 'partly_deleted',
      deleted,
      left: errors.length,
      errors: errors.slice(0, MAX_NAMED).map(({ Key = '', VersionId, Code = '', Message = '' }) => ({
        key: Key,
        ...(VersionId === undefined ? {} : { version_id: VersionId }),
        code: Code,
        message: Message,
      })),
    },
  });
}

/** An answer that S3 would not give. */
export function badAnswer({ what, endpoint }: Omit<Asked, 'region'>, found: string, cause?: unknown): UpstreamError {
  return new UpstreamError(
    `${endpoint} did not answer ${what} as S3 does (${found}); the operator must check scheme, host, port and base_path`,
    { retryable: false, blame: 'operator', details: { reason: 'bad_answer' }, cause },
  );
}

/** The region where the bucket is, if S3 says that it is another one than the connector's. A HEAD says so in a header alone. */
function regionOf({ Region, $response }: Thrown, status: number, { region }: Asked): string | undefined {
  const named = $response?.headers?.['x-amz-bucket-region'] ?? Region;
  return typeof named === 'string' && named !== region && [301, 307, 400].includes(status) ? named : undefined;
}

function hintFor(
  code: ErrorCode,
  reason: string | undefined,
  { region, asked, thrown }: { readonly region: string | undefined; readonly asked: Asked; readonly thrown: Thrown },
): string {
  if (reason === 'clock') {
    const theirs = thrown.ServerTime instanceof Date ? thrown.ServerTime.toISOString() : thrown.ServerTime;
    const clocks = typeof theirs === 'string' ? ` (ours says ${new Date().toISOString()}, the server's ${theirs})` : '';
    return `; the clocks of this machine and of the server differ too much${clocks}; the operator must set the clock`;
  }
  if (region !== undefined)
    return `; the connector signs for "${asked.region}"; the operator must set the setting region to "${region}"`;
  if (reason === 'proxy_refused') return "; the operator must check the proxy's credentials";
  if (code === 'AUTH_FAILED') return '; the operator must check access key and secret key';
  return code === 'CONFIG_INVALID' ? '; the operator must check the setting region' : '';
}

/** Names that the library makes up say nothing. */
const isPlainName = (name: string): boolean =>
  /^[A-Z][A-Za-z0-9]+$/.test(name) && !['Error', 'UnknownError', 'Unknown'].includes(name);

/** A HEAD has no body, so all that is known of its failure is the status. */
function saying(name: string, message: string, status: number): string {
  const known = [isPlainName(name) ? name : '', message === 'UnknownError' || message === name ? '' : message];
  return [...known.filter((part) => part !== ''), `status ${status}`].join(', ');
}
