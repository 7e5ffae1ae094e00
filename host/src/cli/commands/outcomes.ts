import type { OutcomeKey } from '@automate/contract';
import { changeResultView, outcomeView } from '@automate/contract/http';
import type { Command } from 'commander';
import { dump } from 'js-yaml';
import type { CliContext, GlobalOptions } from '../cli-context.ts';

/** `automate outcomes …` */
export function addOutcomeCommands(program: Command, context: CliContext): void {
  const outcomes = program.command('outcomes').description('what is kept of calls with idempotency keys');

  outcomes
    .command('get')
    .argument('<id>', 'the connector')
    .argument('<key>', 'the idempotency key')
    .option('--principal <name>', "whose key it is, for the scope admin; default: one's own")
    .description('show what is known of the call that was made with a key')
    .action(async (id: string, key: string, { principal }: { principal?: string }, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const outcome = await context.withService(rest, `reading an outcome of ${id}`, (service, call) =>
        service.getOutcome(id, outcomeKey(key, principal), call),
      );
      const view = outcomeView(outcome);
      context.out(json === true ? JSON.stringify(view, undefined, 2) : dump(view, { noRefs: true }).trimEnd());
    });

  outcomes
    .command('clear')
    .argument('<id>', 'the connector')
    .argument('<key>', 'the idempotency key')
    .option('--principal <name>', "whose key it is, for the scope admin; default: one's own")
    .description('forget the call that was made with a key, so that the key may be used for a new one')
    .action(async (id: string, key: string, { principal }: { principal?: string }, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const result = await context.withService(rest, `clearing a key of ${id}`, (service, call) =>
        service.clearOutcome(id, outcomeKey(key, principal), call),
      );
      context.out(json === true ? JSON.stringify(changeResultView(result), undefined, 2) : result.message);
    });
}

function outcomeKey(key: string, principal: string | undefined): OutcomeKey {
  return principal === undefined ? key : { key, principal };
}
