import { quote } from '@automate/contract';
import { timeoutRefused } from '@automate/contract/service';
import { executeResultText } from '@automate/contract/http';
import { parseDuration } from '@automate/contract/schemas';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { readArgument } from '../read-argument.ts';

interface ExecuteOptions extends GlobalOptions {
  readonly input?: string;
  readonly timeout?: string;
  readonly idempotencyKey?: string;
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
    .description('call an action and print its result as JSON')
    .action(async (id: string, action: string, _options: unknown, command: Command) => {
      const { json, input = '{}', timeout, idempotencyKey, ...rest } = command.optsWithGlobals<ExecuteOptions>();
      const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
      if (timeout !== undefined && timeoutMs === undefined) {
        throw new CliExit(
          EXIT.usage,
          `--timeout: expected a duration such as 30s, received ${quote(timeout)}`,
          timeoutRefused(timeout),
        );
      }
      const payload = await readArgument(context, input);
      const answer = await context.withService(rest, `calling ${action} of ${id}`, (service, call) =>
        service.executeText(
          { id, action, payload, idempotencyKey },
          timeoutMs === undefined ? call : { ...call, timeoutMs },
        ),
      );
      if (answer.replayed && json !== true)
        context.err('replayed: an earlier call with this idempotency key had this answer');
      const value: unknown = JSON.parse(json === true ? executeResultText(answer) : answer.result);
      context.out(JSON.stringify(value, undefined, 2));
    });
}
