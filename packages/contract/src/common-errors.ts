import type { CallOptions } from './call-options.ts';
import { CancelledError, InvalidInputError, TimeoutError, UnavailableError } from './connector-error.ts';
import { CONNECTOR_TYPES, MAX_PAYLOAD_BYTES } from './connector.ts';
import type { Problem } from './problem.ts';
import { describeProblem } from './problem.ts';

// Errors that more than one side of a door may have to raise: made here, so that a caller cannot tell which side did.

/** A payload that is over the limit of every door. */
export function payloadTooLarge(bytes: number, connector?: string): InvalidInputError {
  return new InvalidInputError(`the payload has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are taken`, {
    problems: [{ path: '', expected: `at most ${MAX_PAYLOAD_BYTES} bytes`, received: `${bytes} bytes` }],
    details: { reason: 'payload_too_large' },
    ...(connector === undefined ? {} : { connector }),
  });
}

/** A call whose caller left before the answer. */
export function cancelledByCaller(connector: string): CancelledError {
  return new CancelledError('the caller cancelled the call', { connector });
}

/** A configuration that is not accepted, with everything that is wrong with it. */
export function configRefused(id: unknown, problems: readonly Problem[]): InvalidInputError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new InvalidInputError(
    `the configuration${typeof id === 'string' && id !== '' ? ` of "${id}"` : ''} is refused: ${first === undefined ? 'no reason given' : describeProblem(first)}${more}`,
    { problems, details: { reason: 'config_refused' } },
  );
}

/** Throws for a configuration that is no object at all. */
export function requireConfig(config: unknown): void {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return;
  const received = Array.isArray(config)
    ? 'a list'
    : config === null
      ? 'null'
      : config === undefined
        ? 'nothing'
        : `a ${typeof config}`;
  throw configRefused(undefined, [{ path: '', expected: 'an object', received }]);
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * Throws for an idempotency key that no door could carry. An empty one, such as a variable that was never set, must not
 * pass for a key: an action would be repeated for its sake.
 */
export function requireIdempotencyKey(key: unknown): void {
  if (key === undefined || (typeof key === 'string' && IDEMPOTENCY_KEY.test(key))) return;
  const received = typeof key !== 'string' ? `a ${typeof key}` : key === '' ? 'nothing' : `${key.length} characters`;
  const expected = '1 to 255 printable ASCII characters without spaces around them';
  throw new InvalidInputError(`the idempotency key cannot be used: expected ${expected}, received ${received}`, {
    problems: [{ path: 'idempotency_key', expected, received }],
  });
}

/**
 * Throws for options with which no call can be made: a time that is none, or none left, or a caller that has left already.
 * `Infinity` is no limit.
 */
export function requireCallOptions({ timeoutMs, signal }: CallOptions): void {
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || Number.isNaN(timeoutMs))) {
    const expected = 'milliseconds, a number above 0';
    const received = typeof timeoutMs === 'number' ? 'NaN' : `a ${typeof timeoutMs}`;
    throw new InvalidInputError(`timeoutMs: expected ${expected}, received ${received}`, {
      problems: [{ path: 'timeoutMs', expected, received }],
    });
  }
  if (signal?.aborted === true) throw new CancelledError('the caller left', { effect: 'none' });
  if (timeoutMs !== undefined && timeoutMs <= 0)
    throw new TimeoutError(`there is no time for the call: ${timeoutMs} ms`, { effect: 'none' });
}

/** Throws for a filter by a type that connectors do not have. */
export function requireType(type: unknown): void {
  if (type === undefined || CONNECTOR_TYPES.some((known) => known === type)) return;
  const expected = `one of ${CONNECTOR_TYPES.join(', ')}`;
  const received = JSON.stringify(type) ?? `a ${typeof type}`;
  throw new InvalidInputError(`type: expected ${expected}, received ${received}`, {
    problems: [{ path: 'type', expected, received }],
  });
}

/** A service that its owner has closed. */
export function serviceClosed(what: string): UnavailableError {
  return new UnavailableError(`${what} was closed here`, { retryable: false, details: { reason: 'closed' } });
}
