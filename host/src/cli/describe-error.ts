import { ConnectorError, describeProblem } from '@automate/contract';
import { toProblemDocument } from '@automate/contract/http';
import type { CliContext } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';

interface ConfigProblems {
  readonly name: 'HostConfigError';
  readonly message: string;
}

/** Prints why a command failed, as one line and its problems, or as JSON; answers the exit code. */
export function reportFailure(context: CliContext, reason: unknown, json: boolean): number {
  if (reason instanceof CliExit) {
    context.err(reason.message);
    return reason.exitCode;
  }
  if (isConfigError(reason)) {
    context.err(`${context.style('red', 'The configuration is not valid:')}\n${reason.message}`);
    return EXIT.badConfig;
  }
  if (!ConnectorError.is(reason)) {
    context.err(`${context.style('red', 'error')}: ${reason instanceof Error ? reason.message : String(reason)}`);
    return EXIT.failed;
  }
  if (json) context.err(JSON.stringify(toProblemDocument(reason), undefined, 2));
  else context.err(sentence(context, reason));
  return exitCodeOf(reason);
}

function sentence(context: CliContext, error: ConnectorError): string {
  const problems = (error.problems ?? []).map((problem) => `  ${describeProblem(problem)}`);
  const wait = error.retryAfterMs === undefined ? '' : ` (try again in ${Math.ceil(error.retryAfterMs / 1000)} s)`;
  return [`${context.style('red', error.code)}: ${error.message}${wait}`, ...problems].join('\n');
}

/** A service that cannot be reached is another matter than a connector that cannot be used. */
function exitCodeOf(error: ConnectorError): number {
  if (error.details?.['reason'] === 'service_unreachable') return EXIT.unavailable;
  return error.details?.['reason'] === 'config_refused' || error.code === 'CONFIG_INVALID' ? EXIT.badConfig : EXIT.failed;
}

function isConfigError(reason: unknown): reason is ConfigProblems {
  return reason instanceof Error && reason.name === 'HostConfigError';
}
