import type { BlameReport } from '@automate/contract';
import { blameView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { hostFilter, hostOption, tellMissing } from './host-option.ts';
import { requireRunning } from './require-running.ts';

/** `automate blame` */
export function addBlameCommand(program: Command, context: CliContext): void {
  program
    .command('blame')
    .description('which connectors make trouble, in which version, since when, and who must act; the gravest first')
    .addOption(hostOption())
    .action(async (_options: unknown, command: Command) => {
      const { json, host, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly host?: string }>();
      await requireRunning(context, rest);
      const report = await context.withService(rest, 'looking for trouble', (service, call) =>
        service.blame({ ...call, ...hostFilter(host) }),
      );
      context.out(json === true ? JSON.stringify(blameView(report), undefined, 2) : formatBlame(context, report));
      tellMissing(context, report.missing);
    });
}

function formatBlame(context: CliContext, { entries, windowMs }: BlameReport): string {
  const seen = `of the last ${Math.round(windowMs / 1000)} s, and of every crash since the host started`;
  if (entries.length === 0) return `no connector makes trouble, by what was seen ${seen}`;
  const isOfHosts = entries.some(({ host }) => host !== undefined);
  const rows = entries.map(({ connector, package: name, version, since, fault, blame, host = '' }) => [
    connector,
    ...(isOfHosts ? [host] : []),
    name === undefined ? '' : `${name} ${version ?? ''}`.trimEnd(),
    fault,
    blame,
    since,
  ]);
  const header = ['CONNECTOR', ...(isOfHosts ? ['HOST'] : []), 'PACKAGE', 'FAULT', 'BLAME', 'SINCE'];
  const table = context.table(header, rows);
  return [table, '', ...entries.map(({ message }) => `- ${message}`)].join('\n');
}
