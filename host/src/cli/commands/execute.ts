import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { readTimeout } from '../read-timeout.ts';
import { readMoment } from '../read-moment.ts';
import { runExecution, showAnswer } from '../run-execution.ts';
import { readArgument } from '../read-argument.ts';

interface ExecuteOptions extends GlobalOptions {
  readonly input?: string;
  readonly timeout?: string;
  readonly idempotencyKey?: string;
  readonly async?: true;
  readonly wait?: true;
  readonly runAt?: string;
  readonly priority?: string;
  readonly runTimeout?: string;
  readonly callbackUrl?: string;
}

/** `automate execute ID ACTION` */
export function addExecuteCommand(program: Command, context: CliContext): void {
  program
    .command('execute')
    .argument('<id>', 'the connector')
    .argument('<action>', 'one of its actions')
    .option('--input <json>', 'the payload: JSON text, @file, or - for standard input', '{}')
    .option('--timeout <duration>', 'how long to wait for everything, such as 30s')
    .option('--idempotency-key <key>', 'the same key and payload: the same answer, without another effect')
    .option('--async', 'start an execution, which goes on without this command, and print how it stands')
    .option('--wait', 'with --async: wait for its end, and print its result')
    .option('--run-at <time>', 'with --async: not before then: 10m, 2h (from now), 2026-01-31T09:00:00Z')
    .option('--priority <number>', 'with --async: from -100 to 100, those with more go first (default: 0)')
    .option('--run-timeout <duration>', 'with --async: how long each run may take, such as 10m')
    .option('--callback-url <url>', 'with --async: where its end is told, of those that the host allows')
    .description('call an action and print its result as JSON')
    .action(async (id: string, action: string, _options: unknown, command: Command) => {
      const { json, input = '{}', timeout, idempotencyKey, ...more } = command.optsWithGlobals<ExecuteOptions>();
      const { async, wait, runAt, priority, runTimeout, callbackUrl, ...rest } = more;
      const timeoutMs = readTimeout('--timeout', timeout);
      if (async !== true) {
        const named = { 'run-at': runAt, 'run-timeout': runTimeout, 'callback-url': callbackUrl };
        const alone = Object.entries({ wait, priority, ...named });
        const [first] = alone.find(([, value]) => value !== undefined) ?? [];
        if (first !== undefined) throw new CliExit(EXIT.usage, `--${first} is for executions: give --async beside it`);
      }
      const payload = await readArgument(context, input);
      if (async === true) {
        const runTimeoutMs = readTimeout('--run-timeout', runTimeout);
        const request = {
          ...{ id, action, payload },
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          ...(runAt === undefined ? {} : { runAt: new Date(readMoment('--run-at', runAt, 'from now')).toISOString() }),
          ...(priority === undefined ? {} : { priority: Number(priority) }),
          ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
          ...(callbackUrl === undefined ? {} : { callbackUrl }),
        };
        const options = { ...rest, json, wait, timeoutMs, doing: `calling ${action} of ${id}` };
        await runExecution(context, options, (service, call) => service.startExecution(request, call));
        return;
      }
      const answer = await context.withService(rest, `calling ${action} of ${id}`, (service, call) =>
        service.executeText(
          { id, action, payload, idempotencyKey },
          timeoutMs === undefined ? call : { ...call, timeoutMs },
        ),
      );
      showAnswer(context, answer, json);
    });
}
