import type { Command } from 'commander';
import type { BisectReport } from '../bisect/bisect-report.ts';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

/** `automate bisect` */
export function addBisectCommand(program: Command, context: CliContext): void {
  program
    .command('bisect')
    .option('--connector <id>', 'why this connector is not well (default: the first that is not, where the host runs)')
    .description(
      'find the plugin that ends the host or keeps a connector from being well, by starting hosts with some of the plugins, over copies of the data; ends with 1 where one was found',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, connector, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly connector?: string }>();
      const report = await context.bisect(rest, connector, (text) => context.err(text));
      context.out(json === true ? JSON.stringify(viewOf(report), undefined, 2) : tellReport(context, report));
      if (report.culprits.length > 0) throw new CliExit(EXIT.failed, `found after ${report.trials} hosts`);
    });
}

function viewOf({ trouble, culprits, trials, others }: BisectReport): object {
  return {
    trouble: trouble ?? null,
    culprits: culprits.map(({ lastGood, version, ...each }) => ({
      ...each,
      version: version ?? null,
      last_good: lastGood ?? null,
    })),
    trials,
    also_unhealthy: others,
  };
}

function tellReport(context: CliContext, { trouble, culprits, others }: BisectReport): string {
  if (trouble === undefined)
    return 'nothing is wrong: the host runs with all plugins, and what was asked about is well';
  const together = culprits.length > 1 ? ['They do it together, none of them alone.'] : [];
  return [
    trouble,
    '',
    ...culprits.flatMap(({ package: name, version = '', lastGood, mend }) => [
      `${context.style('red', 'culprit')}: ${`${name} ${version}`.trimEnd()}`,
      `last good version: ${lastGood ?? 'none that is known'}`,
      `to mend it: ${mend}`,
      `until then: automate start --without ${name}`,
    ]),
    ...together,
    ...(others.length === 0
      ? []
      : ['', `also unhealthy: ${others.join(', ')}; automate bisect --connector ID looks for the plugin`]),
  ].join('\n');
}
