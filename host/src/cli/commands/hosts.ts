import type { ConfigDrift, HostInfo, PackageDrift } from '@automate/contract';
import { hostListView, hostView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { requireRunning } from './require-running.ts';

const VERBS: readonly (readonly ['drain' | 'undrain', doing: string, description: string])[] = [
  [
    'drain',
    'draining',
    'have a host give what it runs to others and take nothing more, until it is undrained or started again',
  ],
  ['undrain', 'undraining', 'have a host take connectors again'],
];

/** `automate hosts [drain|undrain]` */
export function addHostsCommand(program: Command, context: CliContext): void {
  const hosts = program
    .command('hosts')
    .description('the hosts that share a store: where each is, what it runs, and what is not alike')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      await requireRunning(context, rest);
      const all = await context.withService(rest, 'listing hosts', (service, call) => service.listHosts(call));
      context.out(json === true ? JSON.stringify(hostListView(all), undefined, 2) : formatHosts(context, all));
    });
  for (const [verb, doing, description] of VERBS)
    hosts
      .command(verb)
      .argument('<id>')
      .description(description)
      .addHelpText('after', `\nExample:\n  automate hosts ${verb} 6f1c2f0a-7a1f-4b0e-9f35-1d2c3b4a5e6f`)
      .action(async (id: string, _options: unknown, command: Command) => {
        const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
        await requireRunning(context, rest);
        const host = await context.withService(rest, `${doing} ${id}`, (service, call) =>
          service[`${verb}Host`](id, call),
        );
        context.out(json === true ? JSON.stringify(hostView(host), undefined, 2) : describeDrained(host));
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
    `${host.held}${host.draining ? ', draining' : ''}`,
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

function describeDrained({ id, held, draining }: HostInfo): string {
  if (!draining) return `${id}: takes connectors again`;
  return `${id}: drained; ${held} connectors are still held there, and go to others as their calls end: "automate hosts" shows how many are left`;
}
