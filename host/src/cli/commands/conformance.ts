import type { Command } from 'commander';
import type { CliContext, ConformanceCliOptions, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

/** `automate conformance` */
export function addConformanceCommand(program: Command, context: CliContext): void {
  program
    .command('conformance <package>')
    .description(
      'try a connector package, by its name in the project or its directory, against every rule for connectors',
    )
    .option('--checks <names...>', 'only these checks, by the names that the table gives')
    .option(
      '--against [release]',
      'an earlier release whose actions and schemas are to be kept: a directory, connectors.lock, or NAME@VERSION of the registry (default: the newest that is published)',
    )
    .option('--badge <file>', 'write an SVG badge with the score, bound to the integrity of the package')
    .action(async (target: string, options: ConformanceCliOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { text, full } = await context.runConformance({ ...globals, ...options, target });
      context.out(text);
      if (!full) throw new CliExit(EXIT.failed, 'the package does not score full marks');
    });
}
