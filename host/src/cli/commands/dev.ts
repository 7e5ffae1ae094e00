import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';

/** `automate dev [DIR]` */
export function addDevCommand(program: Command, context: CliContext): void {
  program
    .command('dev')
    .argument('[dir]', "the folder of the connector's package (default: the working directory)")
    .description(
      'run a package under development in a host of its own, anew whenever it is saved, and call its actions',
    )
    .action((dir: string | undefined, _options: unknown, command: Command) =>
      context.runDev(command.optsWithGlobals<GlobalOptions>(), dir ?? '.'),
    );
}
