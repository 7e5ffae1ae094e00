import type { Command } from 'commander';
import type { CliContext, GlobalOptions, LearnOptions } from '../cli-context.ts';

/** `automate permissions …` */
export function addPermissionCommands(program: Command, context: CliContext): void {
  program
    .command('permissions')
    .description('what connector packages ask of the machine they run on')
    .command('learn')
    .argument('<package>', 'by its name in the project, or its directory')
    .argument('[command...]', "its tests, behind -- (default: the package's script `test`)")
    .description(
      'drive the kinds of a package and run its tests, and tell the smallest permissions that its manifest has to ask for',
    )
    .option('--write', 'put them into package.json')
    .option('--no-tests', 'run no tests')
    .action(async (target: string, words: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & Pick<LearnOptions, 'tests' | 'write'>>();
      context.out(await context.learnPermissions({ ...options, target, command: words }));
    });
}
