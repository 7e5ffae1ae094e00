// Long, as the class and one subclass for each code of the closed table belong together.
import { clipText } from './clip-text.ts';
import type { Blame, Effect, ErrorCode } from './error-codes.ts';
import { ERROR_CODES, isErrorCode } from './error-codes.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import type { ErrorDetails } from './error-reasons.ts';
import type { JsonObject } from './json.ts';
import type { Problem } from './problem.ts';

const BRAND = Symbol.for('automate.connector-error');

/** What an error may carry beyond its code and message. */
export interface ConnectorErrorOptions {
  /** Overrides the code's own. */
  readonly retryable?: boolean;
  /** Overrides the code's own: a connection that was refused, say, has certainly had no effect. */
  readonly effect?: Effect;
  /** Overrides the code's own: a start that failed because the remote system is down, say, is not the operator's fault. */
  readonly blame?: Blame;
  /** How long to wait before another try, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Facts for programs. Must be JSON and free of secrets. */
  readonly details?: ErrorDetails;
  readonly problems?: readonly Problem[];
  readonly connector?: string;
  /** How often the call was tried; the host fills it in. */
  readonly attempts?: number;
  /** What led to this error. It is logged in the process where it happened and never sent. */
  readonly cause?: unknown;
}

/**
 * The one error that leaves connectors and the service. It says what happened (`code`), who has to act (`blame`),
 * whether another try may help (`retryable`) and whether the remote system may have acted (`effect`).
 *
 * Recognise it with `ConnectorError.is`, never with `instanceof`: several copies of this class are normal, and errors
 * cross threads and realms.
 */
export class ConnectorError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly effect: Effect;
  readonly blame: Blame;
  readonly retryAfterMs: number | undefined;
  readonly details: JsonObject | undefined;
  readonly problems: readonly Problem[] | undefined;
  /** Id of the connector concerned; the host fills it in. */
  readonly connector: string | undefined;
  /** How often the host tried the call, all attempts that `retry` allows included; absent where nothing was tried. */
  readonly attempts: number | undefined;

  constructor(code: ErrorCode, message: string, options: ConnectorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const traits = ERROR_CODES[code];
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? traits.retryable;
    this.effect = options.effect ?? traits.effect;
    this.blame = options.blame ?? traits.blame;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
    this.problems = options.problems;
    this.connector = options.connector;
    this.attempts = options.attempts;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** True for connector errors of any copy of this package, of any thread's realm. */
  static is(value: unknown): value is ConnectorError {
    try {
      return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
    } catch {
      // A revoked proxy throws when it is looked at; a thrown one must not make this fail.
      return false;
    }
  }

  /**
   * Makes a connector error of anything thrown: one that already is one comes back as it is; an `AbortError` becomes
   * CANCELLED, a `TimeoutError` TIMEOUT, anything else the fallback's code with the thrown value as cause.
   */
  static from(reason: unknown, fallback: ErrorCode = 'INTERNAL_ERROR'): ConnectorError {
    if (ConnectorError.is(reason)) return reason;
    const { name, message } = describeThrown(reason);
    if (name === 'AbortError') return new CancelledError(message, { cause: reason });
    if (name === 'TimeoutError') return new TimeoutError(message, { cause: reason });
    return createConnectorError(fallback, message, { cause: reason });
  }

  /** The error as data. The cause stays behind. */
  toEnvelope(): ErrorEnvelope {
    return {
      code: this.code,
      name: this.name,
      message: this.message,
      retryable: this.retryable,
      effect: this.effect,
      blame: this.blame,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.problems === undefined ? {} : { problems: this.problems }),
      ...(this.connector === undefined ? {} : { connector: this.connector }),
      ...(this.attempts === undefined ? {} : { attempts: this.attempts }),
    };
  }

  /** The same error as an object of its class again. Unknown codes become INTERNAL_ERROR with `details.code`. */
  static fromEnvelope(envelope: ErrorEnvelope): ConnectorError {
    const known = isErrorCode(envelope.code);
    const code = known ? envelope.code : 'INTERNAL_ERROR';
    const { retryable, effect, blame, retryAfterMs, problems, connector, attempts } = envelope;
    const details = known ? envelope.details : { ...envelope.details, code: String(envelope.code) };
    const options = { retryable, effect, blame, retryAfterMs, details, problems, connector, attempts };
    return envelope.name === 'UnknownActionError' && code === 'INVALID_INPUT'
      ? new UnknownActionError(envelope.message, options)
      : createConnectorError(code, envelope.message, options);
  }

  /** The same error with the connector's id filled in, if it had none. The cause goes along. */
  withConnector(id: string): ConnectorError {
    return this.connector === undefined ? ConnectorError.change(this, { connector: id }) : this;
  }

  /** A copy of the error with the given changes and the same cause. Static, as errors of an older copy of this package lack newer methods. */
  static change(error: ConnectorError, changes: Partial<ErrorEnvelope>): ConnectorError {
    const copy = ConnectorError.fromEnvelope({ ...error.toEnvelope(), ...changes });
    if (error.cause !== undefined) Object.defineProperty(copy, 'cause', { value: error.cause, configurable: true });
    return copy;
  }
}

/** The input is wrong, and sending it again as it is will not help. `problems` says where. */
export class InvalidInputError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('INVALID_INPUT', message, options);
  }
}

/** The connector has no such action. */
export class UnknownActionError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('INVALID_INPUT', message, options);
  }
}

/** The service does not know who calls: no credentials, or none that count. No adapter's error. */
export class UnauthenticatedError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('UNAUTHENTICATED', message, options);
  }
}

/** The service knows who calls, and does not let them do this; the message names the missing scope. No adapter's error. */
export class PermissionDeniedError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('PERMISSION_DENIED', message, options);
  }
}

/** The remote system does not accept the connector's credentials. */
export class AuthFailedError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('AUTH_FAILED', message, options);
  }
}

/** The remote system knows the connector's credentials and does not permit the action. */
export class ForbiddenError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('FORBIDDEN', message, options);
  }
}

/** What the call names does not exist. */
export class NotFoundError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('NOT_FOUND', message, options);
  }
}

/** What the call would create exists already. */
export class AlreadyExistsError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('ALREADY_EXISTS', message, options);
  }
}

/** A stored connector cannot start with the configuration that it has. */
export class ConfigInvalidError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('CONFIG_INVALID', message, options);
  }
}

/** The remote system asks for fewer calls; `retryAfterMs` is its wish, if it named one. */
export class RateLimitedError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('RATE_LIMITED', message, options);
  }
}

/** No answer in time. The remote system may have acted. */
export class TimeoutError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('TIMEOUT', message, options);
  }
}

/** The remote system failed on its side. */
export class UpstreamError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('UPSTREAM_5XX', message, options);
  }
}

/** The network failed. Pass `effect: 'none'` where no connection was ever made. */
export class TransientNetworkError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('TRANSIENT_NETWORK', message, options);
  }
}

/** The caller gave up. */
export class CancelledError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('CANCELLED', message, options);
  }
}

/** The connector takes no calls now: disabled, quarantined, or shutting down. */
export class UnavailableError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}

/** The connector's queue is full. */
export class OverloadedError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('OVERLOADED', message, options);
  }
}

/** The connector's worker died under the call; `details.reason` says how. */
export class WorkerLostError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('WORKER_LOST', message, options);
  }
}

/** Nobody knows any more how the call ended. */
export class OutcomeUnknownError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('OUTCOME_UNKNOWN', message, options);
  }
}

/** A fault in the connector's or the host's own code; `details.reason` says which. */
export class ConnectorInternalError extends ConnectorError {
  constructor(message: string, options?: ConnectorErrorOptions) {
    super('INTERNAL_ERROR', message, options);
  }
}

const CLASS_OF_CODE = {
  INVALID_INPUT: InvalidInputError,
  UNAUTHENTICATED: UnauthenticatedError,
  PERMISSION_DENIED: PermissionDeniedError,
  AUTH_FAILED: AuthFailedError,
  FORBIDDEN: ForbiddenError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  CONFIG_INVALID: ConfigInvalidError,
  RATE_LIMITED: RateLimitedError,
  TIMEOUT: TimeoutError,
  UPSTREAM_5XX: UpstreamError,
  TRANSIENT_NETWORK: TransientNetworkError,
  CANCELLED: CancelledError,
  UNAVAILABLE: UnavailableError,
  OVERLOADED: OverloadedError,
  WORKER_LOST: WorkerLostError,
  OUTCOME_UNKNOWN: OutcomeUnknownError,
  INTERNAL_ERROR: ConnectorInternalError,
} as const satisfies Record<ErrorCode, new (message: string, options?: ConnectorErrorOptions) => ConnectorError>;

/** A new error of the class that belongs to the code. */
export function createConnectorError(
  code: ErrorCode,
  message: string,
  options?: ConnectorErrorOptions,
): ConnectorError {
  return new CLASS_OF_CODE[code](message, options);
}

/** Name and message of anything that was thrown, also of what is no error. A hostile value cannot make this throw. */
function describeThrown(reason: unknown): { name: string; message: string } {
  try {
    if (typeof reason === 'object' && reason !== null) {
      const { name, message } = reason as { name?: unknown; message?: unknown };
      if (typeof message === 'string')
        return { name: typeof name === 'string' ? name : 'Error', message: clipText(message) };
    }
    return {
      name: '',
      message: `threw ${typeof reason === 'string' ? JSON.stringify(clipText(reason)) : String(reason)}`,
    };
  } catch {
    return { name: '', message: 'threw a value that cannot be shown' };
  }
}
