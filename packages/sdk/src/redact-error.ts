import { ConnectorError } from '@automate/contract';
import type { Redactor } from './redact.ts';

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
  return ConnectorError.change(error, {
    message,
    ...(details === undefined ? {} : { details }),
    ...(problems === undefined ? {} : { problems }),
  });
}
