import type { CallOptions, ConnectorService, Execution, ExecuteTextResult } from '@automate/contract';
import { hasEnded, LONGEST_TIMER_MS, makeVisible } from '@automate/contract';
import { executeResultText, executionView } from '@automate/contract/http';
import { answerOfExecution } from '@automate/contract/service';
import type { CliContext, GlobalOptions } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';
import { requireRunning } from './commands/require-running.ts';

interface RunOptions extends GlobalOptions {
  readonly wait?: true | undefined;
  /** How long to wait. Default: until the end. */
  readonly timeoutMs?: number | undefined;
  /** What is being done meanwhile. */
  readonly doing: string;
}

/** Starts an execution by `start` and shows how it stands, or waits for its end and shows what came of it. */
export async function runExecution(
  context: CliContext,
  { json, wait, timeoutMs, doing, ...rest }: RunOptions,
  start: (service: ConnectorService, call: CallOptions) => Promise<Execution>,
): Promise<void> {
  await requireRunning(context, rest);
  const started = await context.withService(rest, doing, start);
  if (wait !== true) {
    showExecution(context, started, json);
    return;
  }
  if (json !== true) context.err(`${started.replayed === true ? 'there already' : 'started'}: execution ${started.id}`);
  const ended = await context.withService(rest, doing, (service, call) =>
    followExecution({ service, call: { ...call, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, id: started.id }),
  );
  showAnswer(context, answerOfExecution({ ...ended, ...(started.replayed && { replayed: true }) }), json);
}

/** Hears of each change of an execution until it has ended. */
export async function followExecution({
  service,
  call: { timeoutMs, ...call },
  id,
  show = () => undefined,
}: {
  readonly service: ConnectorService;
  readonly call: CallOptions;
  readonly id: string;
  readonly show?: (now: Execution) => void;
}): Promise<Execution> {
  const over = AbortSignal.timeout(timeoutMs ?? LONGEST_TIMER_MS);
  const signal = AbortSignal.any([over, ...(call.signal === undefined ? [] : [call.signal])]);
  for await (const now of service.watchExecution(id, { ...call, signal })) {
    show(now);
    if (hasEnded(now)) return now;
  }
  const goesOn = `the execution goes on: "automate executions watch ${id}"`;
  if (signal.aborted)
    throw new CliExit(EXIT.failed, `${over.aborted ? 'it has not ended in time' : 'interrupted'}; ${goesOn}`);
  throw new CliExit(EXIT.unavailable, `the host ended, or ends; ${goesOn} once it runs again`);
}

/** The answer of a call. */
export function showAnswer(context: CliContext, answer: ExecuteTextResult, json: boolean | undefined): void {
  if (answer.replayed && json !== true)
    context.err('replayed: an earlier call with this idempotency key had this answer');
  const value: unknown = JSON.parse(json === true ? executeResultText(answer) : answer.result);
  context.out(JSON.stringify(value, undefined, 2));
}

/** How an execution stands, in a line; as JSON the whole of it. */
export function showExecution(context: CliContext, execution: Execution, json: boolean | undefined): void {
  context.out(json === true ? JSON.stringify(executionView(execution), undefined, 2) : describeExecution(execution));
}

export function describeExecution(execution: Execution): string {
  const { id, connector, action, status, runAt, error, rerunAs, cancelling, replayed } = execution;
  const state = cancelling === true ? `${status}, is being cancelled` : status;
  const rest = [
    ...(status === 'queued' && runAt !== undefined ? [`not before ${runAt}`] : []),
    ...(status === 'running' ? [describeProgress(execution)] : []),
    ...(error === undefined ? [] : [`${error.code}: ${makeVisible(error.message)}`]),
    ...(rerunAs === undefined ? [] : [`run again as ${rerunAs}`]),
    ...(replayed === undefined ? [] : ['there already, under this key']),
  ].filter((words) => words !== '');
  return `${id}  ${connector} ${action}: ${[state, ...rest].join('; ')}`;
}

/** How far it is, in a few words; empty where nobody knows. */
export function describeProgress({ progress: now }: Execution): string {
  if (now === undefined) return '';
  const { progress, total, message } = now;
  const far = total === undefined ? String(progress) : `${progress} of ${total}`;
  return message === undefined ? far : `${far}, ${makeVisible(message)}`;
}
