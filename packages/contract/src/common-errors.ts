import { CancelledError, InvalidInputError } from './connector-error.ts';
import { MAX_PAYLOAD_BYTES } from './connector.ts';
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
  const received = Array.isArray(config) ? 'a list' : config === null ? 'null' : (JSON.stringify(config) ?? 'nothing');
  throw configRefused(undefined, [{ path: '', expected: 'an object', received: received.slice(0, 80) }]);
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
