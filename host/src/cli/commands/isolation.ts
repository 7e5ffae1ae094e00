import { Option } from 'commander';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions, IsolationOptions } from '../cli-context.ts';

/** `automate isolation` */
export function addIsolationCommand(program: Command, context: CliContext): void {
  program
    .command('isolation')
    .description(
      'see on this machine what each level of isolation contains: misbehaves for real, in hosts started for that',
    )
    .requiredOption('--run', 'do it: some minutes, and up to two gigabytes of memory for a moment')
    .option('--quick', 'only what is done within seconds')
    .addOption(new Option('--faults <names...>', 'only these, by the names that --json gives').conflicts('quick'))
    .addOption(new Option('--levels <levels...>', 'only these levels'))
    .action(async (options: IsolationOptions, command: Command) => {
      const { json } = command.optsWithGlobals<GlobalOptions>();
      context.out(await context.runIsolation({ ...options, json: json === true }));
    });
}
