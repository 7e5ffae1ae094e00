import type { PluginEntry, PluginReport } from '@automate/contract';
import { needsAction } from '@automate/contract';
import { pluginReportView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { describePermissions, noneFound } from '../../boot-report.ts';
import { formatTable } from '../format-table.ts';

/** `automate plugins …` */
export function addPluginCommands(program: Command, context: CliContext): void {
  const plugins = program.command('plugins').description('the connector packages in node_modules');

  plugins
    .command('list')
    .description('what was found, admitted and refused')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const report = await context.withService(rest, 'listing plugins', (service, call) => service.plugins(call));
      context.out(
        json === true
          ? JSON.stringify(pluginReportView(report), undefined, 2)
          : [formatReport(context, report), ...explainProject(context, report)].join('\n'),
      );
    });

  plugins
    .command('check')
    .description(
      'scan again and explain every refusal; ends with 1 where a package has a problem, is incompatible or held back',
    )
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const report = await context.withService(rest, 'scanning node_modules', (service, call) =>
        service.rescanPlugins(call),
      );
      const troubles = report.plugins.filter(needsAction);
      if (json === true) context.out(JSON.stringify(pluginReportView(report), undefined, 2));
      else
        context.out(
          [
            formatReport(context, report),
            ...report.plugins.flatMap((plugin) => explainPlugin(context, plugin)),
            ...explainProject(context, report),
          ].join('\n'),
        );
      if (troubles.length + report.problems.length > 0) {
        throw new CliExit(
          EXIT.failed,
          `${troubles.length + report.problems.length} of what was found needs someone to act`,
        );
      }
    });
}

function formatReport(context: CliContext, report: PluginReport): string {
  if (report.plugins.length === 0) return `connector packages: ${noneFound(report)}`;
  const rows = report.plugins.map((plugin) => [
    plugin.package,
    plugin.version ?? '',
    plugin.status,
    plugin.kinds.join(', '),
    describePermissions(plugin.permissions),
    plugin.message ?? '',
  ]);
  const head = ['PACKAGE', 'VERSION', 'STATUS', 'KINDS', 'PERMISSIONS', 'REASON'];
  return formatTable(head, rows, (text) => context.style('bold', text));
}

function explainPlugin(context: CliContext, plugin: PluginEntry): readonly string[] {
  return [
    ...plugin.problems.map(
      (problem) =>
        `${context.style('red', plugin.package)} ${problem.path}: expected ${problem.expected}, received ${problem.received}: ${problem.remedy}`,
    ),
    ...plugin.warnings.map((warning) => `${context.style('yellow', plugin.package)} ${warning}`),
  ];
}

/** What is wrong with the project itself. */
function explainProject(context: CliContext, report: PluginReport): readonly string[] {
  return report.problems.map(
    ({ path, expected, received, remedy }) =>
      `${context.style('red', path)}: expected ${expected}, received ${received}: ${remedy}`,
  );
}
