import type { ConfigDrift, HostInfo, PackageDrift } from '@automate/contract';
import { hostListView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { requireRunning } from './require-running.ts';

/** `automate hosts` */
export function addHostsCommand(program: Command, context: CliContext): void {
  program
    .command('hosts')
    .description('the hosts that share a store: where each is, what it runs, and what is not alike')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      await requireRunning(context, rest);
      const hosts = await context.withService(rest, 'listing hosts', (service, call) => service.listHosts(call));
      context.out(json === true ? JSON.stringify(hostListView(hosts), undefined, 2) : formatHosts(context, hosts));
    });
}

function formatHosts(context: CliContext, hosts: readonly HostInfo[]): string {
  const rows = hosts.map((host) => [
    host.id,
    host.name,
    host.version,
    host.address ?? '',
    host.labels.join(','),
    host.since,
    host.lastBeatAt,
    String(host.held),
    `${Math.round(host.memoryBytes / 2 ** 20)} MiB`,
    [...host.drift.map(describeDrift), ...host.configDrift.map(describeConfigDrift)].join('; '),
  ]);
  const header = ['ID', 'NAME', 'VERSION', 'ADDRESS', 'LABELS', 'SINCE', 'LAST BEAT', 'HELD', 'MEMORY', 'DRIFT'];
  return context.table(header, rows);
}

/** `@acme/x 1.2.0`, with what tells it from another package of the same version. */
function describeDrift({ package: name, version, integrity }: PackageDrift): string {
  if (version === undefined) return `${name} is missing`;
  return `${name} ${version}${integrity === undefined ? '' : ` (${integrity.slice(0, 19)})`}`;
}

/** `file: connectors.slack (3f2a…)`: hosts whose files say the same of it have the same in brackets. */
function describeConfigDrift({ part, form }: ConfigDrift): string {
  return form === undefined ? `file without ${part}` : `file: ${part} (${form})`;
}
