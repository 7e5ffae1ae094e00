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
export function configRefused(id: string, problems: readonly Problem[]): InvalidInputError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new InvalidInputError(
    `the configuration of "${id}" is refused: ${first === undefined ? 'no reason given' : describeProblem(first)}${more}`,
    { problems, details: { reason: 'config_refused' } },
  );
}
