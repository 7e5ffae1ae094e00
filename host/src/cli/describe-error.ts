import type { ErrorReason, Problem } from '@automate/contract';
import {
  CancelledError,
  ConfigInvalidError,
  ConnectorError,
  ConnectorInternalError,
  describeProblem,
  InvalidInputError,
} from '@automate/contract';
import { toProblemDocument } from '@automate/contract/http';
import type { CliContext } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';

interface ConfigProblems {
  readonly name: 'HostConfigError';
  readonly message: string;
  readonly problems: readonly Problem[];
}

interface Telling {
  readonly json: boolean;
  /** What the user has to know besides: lines before the failure, or `notes` of its document. */
  readonly notes?: readonly string[];
}

/** Prints why a command failed, as one line and its problems, or as JSON; answers the exit code. */
export function reportFailure(context: CliContext, reason: unknown, { json, notes = [] }: Telling): number {
  const isDocument = json && !(reason instanceof CliExit && reason.exitCode !== EXIT.usage);
  if (!isDocument) for (const note of notes) context.err(`note: ${note}`);
  const problemText = (error: ConnectorError): string =>
    JSON.stringify({ ...toProblemDocument(error), ...(notes.length === 0 ? {} : { notes }) }, undefined, 2);
  if (isUsageError(reason)) {
    if (reason.exitCode === 0) return EXIT.ok;
    // Without --json commander has said it already, with the usage beside it.
    if (json) context.err(problemText(wrongUsage(reason)));
    return EXIT.usage;
  }
  if (reason instanceof CliExit) {
    context.err(
      json && reason.exitCode === EXIT.usage ? problemText(reason.error ?? wrongUsage(reason)) : reason.message,
    );
    return reason.exitCode;
  }
  if (isConfigError(reason)) {
    if (json)
      context.err(problemText(new ConfigInvalidError('the configuration is not valid', { problems: reason.problems })));
    else context.err(`${context.styleError('red', 'The configuration is not valid:')}\n${reason.message}`);
    return EXIT.badConfig;
  }
  if (reason instanceof Error && reason.name === 'AbortError') {
    context.err(json ? problemText(new CancelledError('interrupted', { cause: reason })) : 'interrupted');
    return EXIT.failed;
  }
  if (!ConnectorError.is(reason)) {
    if (json) context.err(problemText(new ConnectorInternalError(explainReason(reason), { cause: reason })));
    else context.err(`${context.styleError('red', 'error')}: ${explainReason(reason)}`);
    return EXIT.failed;
  }
  if (json) context.err(problemText(reason));
  else context.err(sentence(context, reason));
  return exitCodeOf(reason);
}

/** Commander's own error; its exit code is 0 for help and version. */
function isUsageError(reason: unknown): reason is Error & { readonly exitCode: number; readonly code: string } {
  return reason instanceof Error && reason.name === 'CommanderError';
}

function wrongUsage({ message, code }: { readonly message: string; readonly code?: string }): InvalidInputError {
  const words = code === 'commander.help' ? 'a command is missing; --help lists them' : message;
  return new InvalidInputError(words.replace(/^error: /, ''), { details: { reason: 'wrong_usage' } });
}

/** The message, and those of what went wrong beneath it. */
function explainReason(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const beneath: readonly unknown[] =
    reason instanceof AggregateError ? reason.errors : reason.cause === undefined ? [] : [reason.cause];
  const { message } = reason;
  // Some say it in their own words already.
  return [message, ...beneath.map(explainReason).filter((text) => !message.includes(text))].join(': ');
}

function sentence(context: CliContext, error: ConnectorError): string {
  const all = error.problems ?? [];
  // A problem is left out where the message tells it already; of a single problem the message need not repeat the path.
  const isTold = (problem: Problem): boolean =>
    problem.path === '' ||
    error.message.includes(describeProblem(problem)) ||
    (all.length === 1 && error.message.includes(describeProblem({ ...problem, path: '' })));
  const problems = all.filter((problem) => !isTold(problem)).map((problem) => `  ${describeProblem(problem)}`);
  const wait = error.retryAfterMs === undefined ? '' : ` (try again in ${Math.ceil(error.retryAfterMs / 1000)} s)`;
  const tries = (error.attempts ?? 1) > 1 ? ` (tried ${error.attempts} times)` : '';
  return [`${context.styleError('red', error.code)}: ${error.message}${tries}${wait}`, ...problems].join('\n');
}

/** Why nothing was heard of a service. */
const UNREACHED: ReadonlySet<unknown> = new Set<ErrorReason>([
  'service_unreachable',
  'shutting_down',
  'tls_required',
  'tls_not_spoken',
  'tls_certificate',
]);

/** A service that cannot be reached, or shuts down, has an exit code of its own; a connector that takes no calls has none. */
function exitCodeOf(error: ConnectorError): number {
  const reason = error.details?.['reason'];
  if (UNREACHED.has(reason)) return EXIT.unavailable;
  return reason === 'config_refused' || error.code === 'CONFIG_INVALID' ? EXIT.badConfig : EXIT.failed;
}

function isConfigError(reason: unknown): reason is ConfigProblems {
  return reason instanceof Error && reason.name === 'HostConfigError';
}
