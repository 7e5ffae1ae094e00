import type { CallOptions, ConnectorService, Execution, ExecutionFilter, ExecutionStatus } from '@automate/contract';
import { EXECUTION_STATUSES } from '@automate/contract';
import { executionPageView, executionView } from '@automate/contract/http';
import type { Command } from 'commander';
import { Option } from 'commander';
import { dump } from 'js-yaml';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { describeExecution, describeProgress, followExecution, runExecution, showExecution } from '../run-execution.ts';
import { requireRunning } from './require-running.ts';

interface ListOptions extends GlobalOptions {
  readonly connector?: string;
  readonly status?: readonly ExecutionStatus[];
  readonly deadLetters?: true;
  readonly principal?: string;
  readonly limit?: string;
  readonly after?: string;
}

/** `automate executions …` */
export function addExecutionCommands(program: Command, context: CliContext): void {
  const executions = program.command('executions').description('calls that go on without whoever started them');

  executions
    .command('list')
    .description("one's own executions, the newest first; for an admin those of all")
    .option('--connector <id>', 'of this connector alone')
    .addOption(new Option('--status <status...>', 'of these alone').choices(EXECUTION_STATUSES))
    .option('--dead-letters', 'only those that failed or are unknown, and were not run again')
    .option('--principal <name>', "that this caller started; others' need the scope admin")
    .option('--limit <number>', 'at most so many, up to 1000 (default: 100)')
    .option('--after <next>', 'go on after the page that ended with this')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<ListOptions>();
      const page = await context.withService(rest, 'listing executions', (service, call) =>
        service.listExecutions(filterOf(rest), call),
      );
      if (json === true) {
        context.out(JSON.stringify(executionPageView(page), undefined, 2));
        return;
      }
      context.out(formatExecutions(context, page.executions));
      if (page.next !== undefined) context.err(`there are more: --after ${page.next}`);
    });

  addOne('get', 'show how an execution stands, and what came of it').action(
    async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const execution = await context.withService(rest, `reading ${id}`, (service, call) =>
        service.getExecution(id, call),
      );
      const view = executionView(execution);
      context.out(json === true ? JSON.stringify(view, undefined, 2) : dump(view, { noRefs: true }).trimEnd());
    },
  );

  addOne('cancel', 'end an execution: one that waits never runs, the call of one that runs is cancelled').action(
    async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const cancel = (service: ConnectorService, call: CallOptions) => service.cancelExecution(id, call);
      showExecution(context, await context.withService(rest, `cancelling ${id}`, cancel), json);
    },
  );

  addOne('watch', 'print how an execution stands, and each change, until it has ended; ends with 1 unless it succeeded')
    .addHelpText('after', '\nWith --json a line for each change, the whole execution in it.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      await requireRunning(context, rest);
      const show = (now: Execution): void =>
        context.out(json === true ? JSON.stringify(executionView(now)) : describeExecution(now));
      const ended = await context.withService(rest, undefined, (service, call) =>
        followExecution({ service, call, id, show }),
      );
      if (ended.status !== 'succeeded') throw new CliExit(EXIT.failed, `the execution is ${ended.status}`);
    });

  addOne('rerun', 'start the same call again, of one that failed, was cancelled or is unknown')
    .option('--wait', 'wait for the end of the new one, and print its result')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly wait?: true }>();
      await runExecution(context, { ...options, doing: `running ${id} again` }, (service, call) =>
        service.rerunExecution(id, call),
      );
    });

  function addOne(name: string, description: string): Command {
    return executions.command(name).argument('<id>', 'the execution').description(description);
  }
}

function filterOf({ connector, status, deadLetters, principal, limit, after }: ListOptions): ExecutionFilter {
  return {
    ...(connector === undefined ? {} : { connector }),
    ...(status === undefined ? {} : { status }),
    ...(deadLetters === undefined ? {} : { deadLetters }),
    ...(principal === undefined ? {} : { principal }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(after === undefined ? {} : { after }),
  };
}

function formatExecutions(context: CliContext, executions: readonly Execution[]): string {
  if (executions.length === 0) return 'no executions: start one with "automate execute ID ACTION --async"';
  const rows = executions.map((execution) => [
    execution.id,
    execution.connector,
    execution.action,
    execution.cancelling === true ? `${execution.status}, is being cancelled` : execution.status,
    execution.status === 'running' ? describeProgress(execution) : (execution.error?.code ?? ''),
    execution.createdAt,
    execution.principal,
  ]);
  return context.table(['EXECUTION', 'CONNECTOR', 'ACTION', 'STATUS', 'PROGRESS OR ERROR', 'CREATED', 'BY'], rows);
}
