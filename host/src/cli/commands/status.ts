import type { ConnectorInfo, HostStatus } from '@automate/contract';
import { hostStatusView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

/** `automate status` */
export function addStatusCommand(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('whether a host runs, where, since when, and how its connectors are; ends with 69 where none runs')
    .action(async (_options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const found = await context.findHost(rest);
      if (found !== undefined && found.state !== 'running') {
        const { dataDir, state, why } = found;
        if (json === true) context.out(JSON.stringify({ running: false, state, data_dir: dataDir }, undefined, 2));
        throw new CliExit(EXIT.unavailable, why);
      }
      const [status, infos] = await context.withService(rest, 'asking the host', (service, call) =>
        Promise.all([service.getStatus(call), service.list({}, call)]),
      );
      context.out(
        json === true
          ? JSON.stringify({ running: true, ...hostStatusView(status) }, undefined, 2)
          : tellStatus(context, { status, infos, dataDir: found?.dataDir ?? status.dataDir }),
      );
    });
}

function tellStatus(
  context: CliContext,
  {
    status,
    infos,
    dataDir,
  }: { readonly status: HostStatus; readonly infos: readonly ConnectorInfo[]; readonly dataDir: string },
): string {
  const { version, pid, since, node, doors, connectors } = status;
  const facts = [
    `version ${version}`,
    ...(pid === undefined ? [] : [`process ${pid}`]),
    `on ${node}`,
    `since ${since} (${describeAge(Date.now() - Date.parse(since))})`,
  ];
  const { total, paused, heldBack, healthy, unhealthy, unknown, unavailable } = connectors;
  const counts = Object.entries({ healthy, unhealthy, unknown, unavailable, paused, 'held back': heldBack });
  const told = counts.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  const trouble = infos.filter(({ lastError, heldBack: held }) => lastError !== '' || held !== undefined);
  return [
    `${context.style('green', 'a host is running')}: ${facts.join(', ')}`,
    `data directory: ${dataDir}`,
    ...doors.map(({ name, address }) => `${name}: ${address}`),
    `connectors: ${total}${told.length === 0 ? '' : `, of which ${told.join(', ')}`}`,
    ...(trouble.length === 0
      ? []
      : [
          '',
          context.table(
            ['ID', 'STATUS', 'WHY'],
            trouble.map((each) => [each.id, each.status, whyOf(each)]),
          ),
        ]),
  ].join('\n');
}

function whyOf({ lastError, heldBack }: ConnectorInfo): string {
  return [lastError, ...(heldBack === undefined ? [] : [`held back: ${heldBack}`])]
    .filter((words) => words !== '')
    .join('; ');
}

/** The two largest units: `3 d 4 h`, `5 min 6 s`. */
function describeAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const units = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  return units
    .slice(first < 0 ? -1 : first, first < 0 ? undefined : first + 2)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ');
}
