import { CancelledError, ConnectorError } from './connector-error.ts';
import type { ExecuteTextResult } from './connector-service.ts';
import type { Execution } from './execution-operations.ts';

/** What a call that waits would have been answered, of an execution that has ended. Throws the error of one that did not succeed. */
export function answerOfExecution(execution: Execution): ExecuteTextResult {
  const { connector, status, result = null, error, startedAt, endedAt, attempts, replayed, resultDropped } = execution;
  if (status !== 'succeeded')
    throw error === undefined
      ? new CancelledError('the execution was cancelled', { connector })
      : ConnectorError.fromEnvelope(error);
  return {
    result: JSON.stringify(result),
    attempts,
    durationMs: startedAt === undefined || endedAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(startedAt),
    replayed: replayed === true,
    ...(resultDropped === undefined ? {} : { resultDropped }),
  };
}
