import type { ConnectorErrorOptions } from '@automate/contract';
import {
  AlreadyExistsError,
  AuthFailedError,
  CancelledError,
  ConnectorError,
  ConnectorInternalError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  RateLimitedError,
  TimeoutError,
  TransientNetworkError,
  UpstreamError,
} from '@automate/contract';
import { faultOf, networkReason } from './network-fault.ts';
import { policyRefusal } from './policy-refusal.ts';

/** Network failures on a connection: nobody knows what the remote system still did. */
const BROKE_OFF: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTCONN',
  'UND_ERR_SOCKET',
  'HPE_INVALID_CONSTANT',
]);

const TIMED_OUT: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/**
 * Makes a `ConnectorError` of anything an adapter may throw: one that already is one stays; HTTP statuses, network
 * codes, aborts and JSON that cannot be read get their own codes; the rest is INTERNAL_ERROR, the plugin's fault.
 */
export function normalizeError(error: unknown): ConnectorError {
  if (ConnectorError.is(error)) return error;
  const refusal = policyRefusal(error);
  if (refusal !== undefined) return refusal;
  const facts = errorFacts(error);
  return fromNetworkCode(facts, error) ?? fromName(facts, error) ?? fromStatus(facts, error) ?? internal(facts, error);
}

interface Facts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Nobody waits longer, and who says so has mistaken a date for seconds. */
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * A response's `Retry-After` (seconds or an HTTP date) in milliseconds from now, a day at most. Undefined where it cannot
 * be read.
 */
export function parseRetryAfter(value: string | null | undefined, now: number = Date.now()): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), LONGEST_RETRY_AFTER_MS);
  // Date.parse also reads things like "-5"; a date names its month.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), LONGEST_RETRY_AFTER_MS);
}

/** The error that stands for an HTTP status of a remote system, or undefined for one that is no error. */
export function errorForStatus(
  status: number,
  message: string,
  options: ConnectorErrorOptions = {},
): ConnectorError | undefined {
  const all: ConnectorErrorOptions = { ...options, details: { status, ...options.details } };
  if (status < 400 || status > 599) return undefined;
  switch (status) {
    case 401:
      return new AuthFailedError(message, all);
    case 403:
      return new ForbiddenError(message, all);
    case 404:
      return new NotFoundError(message, all);
    case 408:
      return new TimeoutError(message, all);
    case 409:
      return new AlreadyExistsError(message, all);
    case 425:
      // Too early: the server has put it off, and wants it again.
      return new UpstreamError(message, { effect: 'none', ...all });
    case 429:
      return new RateLimitedError(message, all);
    default:
      return status >= 500 ? new UpstreamError(message, all) : new InvalidInputError(message, all);
  }
}

function fromNetworkCode({ code, message }: Facts, cause: unknown): ConnectorError | undefined {
  if (code === undefined) return undefined;
  const options: ConnectorErrorOptions = { details: { reason: networkReason(code) }, cause };
  if (neverConnected(code)) return new TransientNetworkError(message, { ...options, effect: 'none' });
  if (BROKE_OFF.has(code)) return new TransientNetworkError(message, options);
  if (TIMED_OUT.has(code)) return new TimeoutError(message, options);
  return code === 'ABORT_ERR' ? new CancelledError(message, options) : undefined;
}

/** The remote system cannot have acted. Files may be forbidden too, and TLS is the business of who knows the server. */
function neverConnected(code: string): boolean {
  const fault = faultOf(code);
  if (fault === 'unreachable') return !/^(EACCES|EPERM)$/.test(code);
  return fault === 'refused' || fault === 'dns' || code === 'UND_ERR_CONNECT_TIMEOUT';
}

function fromName({ name, message }: Facts, cause: unknown): ConnectorError | undefined {
  if (name === 'AbortError') return new CancelledError(message, { cause });
  if (name === 'TimeoutError') return new TimeoutError(message, { cause });
  if (name === 'SyntaxError' && /\bJSON\b/.test(message)) {
    return new UpstreamError(`the remote system's answer is not JSON: ${message}`, {
      retryable: false,
      details: { reason: 'bad_json' },
      cause,
    });
  }
  return undefined;
}

function fromStatus({ status, message, retryAfterMs }: Facts, cause: unknown): ConnectorError | undefined {
  if (status === undefined) return undefined;
  return errorForStatus(status, message, { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function internal({ message }: Facts, cause: unknown): ConnectorError {
  return new ConnectorInternalError(message, { cause });
}

/** What an error says of itself. `fetch` and the like hide the network's code in the cause. */
function errorFacts(error: unknown): Facts {
  const outer = asRecord(error);
  const inner = asRecord(readProperty(outer, 'cause'));
  const response = asRecord(readProperty(outer, 'response'));
  const base = ConnectorError.from(error);
  const code =
    text(readProperty(outer, 'code')) ?? text(readProperty(inner, 'code')) ?? firstCode(readProperty(outer, 'errors'));
  return {
    name: text(readProperty(outer, 'name')) ?? '',
    message: clearMessage(base.message, inner, code),
    code,
    status:
      status(readProperty(outer, 'status')) ??
      status(readProperty(outer, 'statusCode')) ??
      status(readProperty(response, 'status')),
    retryAfterMs: parseRetryAfter(header(readProperty(response, 'headers')) ?? header(readProperty(outer, 'headers'))),
  };
}

/** `fetch failed` says nothing without its cause; an error for several addresses has no message at all. */
function clearMessage(message: string, inner: Record<string, unknown>, code: string | undefined): string {
  const cause = text(readProperty(inner, 'message'));
  if (message === 'fetch failed' && cause !== undefined) return `${message}: ${cause}`;
  return message === '' ? (code ?? 'failed without a message') : message;
}

/** Node's "happy eyeballs" gives one AggregateError for all addresses it tried. */
function firstCode(errors: unknown): string | undefined {
  return Array.isArray(errors) ? text(readProperty(asRecord(errors[0]), 'code')) : undefined;
}

function header(headers: unknown): string | undefined {
  const record = asRecord(headers);
  const get = readProperty(record, 'get');
  if (typeof get === 'function') return text(get.call(headers, 'retry-after'));
  return text(readProperty(record, 'retry-after')) ?? text(readProperty(record, 'Retry-After'));
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A hostile getter must not turn the error that is being reported into another one. */
function readProperty(record: Record<string, unknown>, key: string): unknown {
  try {
    return record[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function status(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined;
}
