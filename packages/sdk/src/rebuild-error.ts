import type { Effect, ErrorEnvelope } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { Redactor } from './redact.ts';

/** The same error with some fields changed. The cause goes along. */
export function rebuildError(
  error: ConnectorError,
  changes: Partial<Pick<ErrorEnvelope, 'message' | 'details' | 'effect' | 'blame' | 'problems'>>,
): ConnectorError {
  const copy = ConnectorError.fromEnvelope({ ...error.toEnvelope(), ...changes });
  if (error.cause !== undefined) Object.defineProperty(copy, 'cause', { value: error.cause, configurable: true });
  return copy;
}

/** The same error with another effect; itself where it has that effect already. */
export function withEffect(error: ConnectorError, effect: Effect): ConnectorError {
  return error.effect === effect ? error : rebuildError(error, { effect });
}

/** The same error as it may be shown: no known secret in its message, its details or its problems. */
export function redactError(error: ConnectorError, redactor: Redactor): ConnectorError {
  const message = redactor.text(error.message);
  const details = redactor.data(error.details);
  const problems = error.problems?.map((problem) => ({ ...problem, received: redactor.text(problem.received) }));
  const same =
    message === error.message &&
    JSON.stringify(details) === JSON.stringify(error.details) &&
    JSON.stringify(problems) === JSON.stringify(error.problems);
  if (same) return error;
  return rebuildError(error, {
    message,
    ...(details === undefined ? {} : { details }),
    ...(problems === undefined ? {} : { problems }),
  });
}
