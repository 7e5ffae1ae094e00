export const BLAMES = ['caller', 'operator', 'plugin', 'remote'] as const;

/** Who has to act for the error to go away. */
export type Blame = (typeof BLAMES)[number];

/** Whether the remote system may have acted before the error: `none` for certain not, `maybe` perhaps. */
export type Effect = 'none' | 'maybe';

/** What an error says of itself beside its code. */
export interface ErrorTraits {
  /** Whether trying again may help. A retry needs this and either effect `none` or an idempotent action. */
  readonly retryable: boolean;
  readonly effect: Effect;
  readonly blame: Blame;
}

/**
 * The closed table of error codes: every failure that leaves the service bears one of them.
 * A code that is retired is never used again.
 */
export const ERROR_CODES = {
  INVALID_INPUT: { retryable: false, effect: 'none', blame: 'caller' },
  UNAUTHENTICATED: { retryable: false, effect: 'none', blame: 'caller' },
  PERMISSION_DENIED: { retryable: false, effect: 'none', blame: 'caller' },
  AUTH_FAILED: { retryable: false, effect: 'none', blame: 'operator' },
  FORBIDDEN: { retryable: false, effect: 'none', blame: 'operator' },
  NOT_FOUND: { retryable: false, effect: 'none', blame: 'caller' },
  ALREADY_EXISTS: { retryable: false, effect: 'none', blame: 'caller' },
  CONFIG_INVALID: { retryable: false, effect: 'none', blame: 'operator' },
  RATE_LIMITED: { retryable: true, effect: 'none', blame: 'remote' },
  TIMEOUT: { retryable: true, effect: 'maybe', blame: 'remote' },
  UPSTREAM_5XX: { retryable: true, effect: 'maybe', blame: 'remote' },
  TRANSIENT_NETWORK: { retryable: true, effect: 'maybe', blame: 'remote' },
  CANCELLED: { retryable: false, effect: 'maybe', blame: 'caller' },
  UNAVAILABLE: { retryable: true, effect: 'none', blame: 'operator' },
  OVERLOADED: { retryable: true, effect: 'none', blame: 'operator' },
  WORKER_LOST: { retryable: false, effect: 'maybe', blame: 'plugin' },
  OUTCOME_UNKNOWN: { retryable: false, effect: 'maybe', blame: 'plugin' },
  INTERNAL_ERROR: { retryable: false, effect: 'maybe', blame: 'plugin' },
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** HTTP status of each code. 499 is nginx's "client closed request". */
export const HTTP_STATUS = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  AUTH_FAILED: 502,
  FORBIDDEN: 502,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  CONFIG_INVALID: 422,
  RATE_LIMITED: 429,
  TIMEOUT: 504,
  UPSTREAM_5XX: 502,
  TRANSIENT_NETWORK: 502,
  CANCELLED: 499,
  UNAVAILABLE: 503,
  OVERLOADED: 503,
  WORKER_LOST: 502,
  OUTCOME_UNKNOWN: 502,
  INTERNAL_ERROR: 500,
} as const satisfies Record<ErrorCode, number>;

/** gRPC status number of each code (google.rpc.Code). */
export const GRPC_STATUS = {
  INVALID_INPUT: 3,
  UNAUTHENTICATED: 16,
  PERMISSION_DENIED: 7,
  AUTH_FAILED: 9,
  FORBIDDEN: 9,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  CONFIG_INVALID: 9,
  RATE_LIMITED: 8,
  TIMEOUT: 4,
  UPSTREAM_5XX: 14,
  TRANSIENT_NETWORK: 14,
  CANCELLED: 1,
  UNAVAILABLE: 14,
  OVERLOADED: 8,
  WORKER_LOST: 10,
  OUTCOME_UNKNOWN: 2,
  INTERNAL_ERROR: 13,
} as const satisfies Record<ErrorCode, number>;

/**
 * True for the codes by which the service itself turns a caller away. No connector's code can mean them: what it throws under one is
 * a fault of its own.
 */
export function isAccessCode(code: ErrorCode): boolean {
  return code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED';
}

/** What an error of this code that came from elsewhere says of itself; where it says nothing that can be read, the code's own. */
export function readTraits(
  code: ErrorCode,
  said: { readonly retryable?: unknown; readonly effect?: unknown; readonly blame?: unknown },
): ErrorTraits {
  const { retryable, effect, blame } = said;
  const own = ERROR_CODES[code];
  return {
    retryable: typeof retryable === 'boolean' ? retryable : own.retryable,
    effect: effect === 'none' || effect === 'maybe' ? effect : own.effect,
    blame: BLAMES.find((each) => each === blame) ?? own.blame,
  };
}

/** True for the codes of the table. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}
