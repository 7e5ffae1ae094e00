import { ConnectorError } from '../connector-error.ts';
import type { ErrorCode } from '../error-codes.ts';
import { ERROR_CODES, HTTP_STATUS, isErrorCode, readTraits } from '../error-codes.ts';
import type { ErrorEnvelope } from '../error-envelope.ts';
import type { JsonObject } from '../json.ts';
import { isJsonObject } from '../json.ts';
import type { Problem } from '../problem.ts';

/** Media type of every error that the REST service answers (RFC 9457). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** An error as the REST service answers it: RFC 9457's members, and ours in snake_case. */
export interface ProblemDocument {
  /** One URI per code, stable for ever. */
  readonly type: string;
  /** The same short words for every error of a code. */
  readonly title: string;
  readonly status: number;
  /** The error's own message. */
  readonly detail: string;
  readonly code: ErrorCode;
  /** Name of the error's class, so that a subclass of a code comes out as it went in. */
  readonly name: string;
  readonly retryable: boolean;
  readonly effect: ErrorEnvelope['effect'];
  readonly blame: ErrorEnvelope['blame'];
  /** Milliseconds to wait before another try; the `Retry-After` header says it in whole seconds. */
  readonly retry_after_ms?: number;
  /** Id of the connector concerned. */
  readonly connector?: string;
  /** How often the host tried the call; absent where nothing was tried. */
  readonly attempts?: number;
  /** Every problem of a refused input. */
  readonly problems?: readonly Problem[];
  /** Facts for programs. */
  readonly details?: JsonObject;
}

const TITLES = {
  INVALID_INPUT: 'The request is not acceptable as it is',
  UNAUTHENTICATED: 'Who calls is not known',
  PERMISSION_DENIED: 'Who calls may not do this',
  AUTH_FAILED: "The remote system refuses the connector's credentials",
  FORBIDDEN: 'The remote system does not permit this to the connector',
  NOT_FOUND: 'What the request names does not exist',
  ALREADY_EXISTS: 'It exists already',
  CONFIG_INVALID: 'The connector cannot start with its configuration',
  RATE_LIMITED: 'Too many calls for the time being',
  TIMEOUT: 'No answer in time',
  UPSTREAM_5XX: 'The remote system failed',
  TRANSIENT_NETWORK: 'The network failed',
  CANCELLED: 'The caller gave up',
  UNAVAILABLE: 'It takes no calls now',
  OVERLOADED: 'Too many calls are waiting',
  WORKER_LOST: "The connector's worker died under the call",
  OUTCOME_UNKNOWN: 'Nobody knows how the call ended',
  INTERNAL_ERROR: 'A fault in the connector or the host',
} as const satisfies Record<ErrorCode, string>;

/** The URI that stands for a code in `type`. */
export function problemType(code: ErrorCode): string {
  return `urn:automate:error:${code.toLowerCase().replaceAll('_', '-')}`;
}

/**
 * The error as a problem document. `status` overrides the code's own where HTTP has a better word for the same thing,
 * 413 for an INVALID_INPUT that is too large, say.
 */
export function toProblemDocument(error: ConnectorError, status: number = HTTP_STATUS[error.code]): ProblemDocument {
  return {
    type: problemType(error.code),
    title: TITLES[error.code],
    status,
    detail: error.message,
    code: error.code,
    name: error.name,
    retryable: error.retryable,
    effect: error.effect,
    blame: error.blame,
    ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
    ...(error.connector === undefined ? {} : { connector: error.connector }),
    ...(error.attempts === undefined ? {} : { attempts: error.attempts }),
    ...(error.problems === undefined ? {} : { problems: error.problems }),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/** The value of `Retry-After`: whole seconds, rounded up so that nobody comes too early. Absent without a wish. */
export function retryAfterHeader(error: ConnectorError): string | undefined {
  return error.retryAfterMs === undefined ? undefined : String(Math.ceil(error.retryAfterMs / 1000));
}

/**
 * The error that a problem document stands for, as the same class with the same fields. Anything else, such as a
 * proxy's page, becomes an error chosen by the status, with `details.status`.
 */
export function fromProblemDocument(body: unknown, status: number): ConnectorError {
  if (!isJsonObject(body) || !isErrorCode(body['code'])) return fromStatus(body, status);
  const code = body['code'];
  return ConnectorError.fromEnvelope({
    code,
    name: typeof body['name'] === 'string' ? body['name'] : '',
    message: typeof body['detail'] === 'string' ? body['detail'] : TITLES[code],
    ...readTraits(code, body),
    ...(typeof body['retry_after_ms'] === 'number' ? { retryAfterMs: body['retry_after_ms'] } : {}),
    ...(typeof body['connector'] === 'string' ? { connector: body['connector'] } : {}),
    ...(typeof body['attempts'] === 'number' ? { attempts: body['attempts'] } : {}),
    ...(Array.isArray(body['problems']) ? { problems: body['problems'].flatMap(readProblem) } : {}),
    ...(isJsonObject(body['details']) ? { details: body['details'] } : {}),
  });
}

function fromStatus(body: unknown, status: number): ConnectorError {
  const said = isJsonObject(body) && typeof body['detail'] === 'string' ? `: ${body['detail']}` : '';
  const code = codeOfStatus(status);
  return ConnectorError.fromEnvelope({
    code,
    name: '',
    message: `the service answered HTTP ${status} without a problem document of its own${said}`,
    ...ERROR_CODES[code],
    details: { status },
  });
}

/** The nearest code for a status that came without one: from something between the caller and the service. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'PERMISSION_DENIED';
  if (status === 404) return 'NOT_FOUND';
  if (status === 408 || status === 504) return 'TIMEOUT';
  if (status === 409) return 'ALREADY_EXISTS';
  if (status === 429) return 'RATE_LIMITED';
  if (status === 502 || status === 503) return 'UNAVAILABLE';
  return status >= 400 && status < 500 ? 'INVALID_INPUT' : 'INTERNAL_ERROR';
}

function readProblem(value: unknown): Problem[] {
  if (!isJsonObject(value)) return [];
  const { path, expected, received, message, file, line, column } = value;
  return [
    {
      path: typeof path === 'string' ? path : '',
      expected: typeof expected === 'string' ? expected : '',
      received: typeof received === 'string' ? received : '',
      ...(typeof message === 'string' ? { message } : {}),
      ...(typeof file === 'string' ? { file } : {}),
      ...(typeof line === 'number' ? { line } : {}),
      ...(typeof column === 'number' ? { column } : {}),
    },
  ];
}
