import type { ConnectorInfo, ControlOperations } from '@automate/contract';
import { connectorInfoView } from '@automate/contract/http';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';

const VERBS: readonly (readonly [keyof ControlOperations, doing: string, description: string])[] = [
  ['pause', 'pausing', 'take no more calls of a connector, which stays connected; outlives a restart of the host'],
  ['resume', 'resuming', 'take its calls again'],
  ['restart', 'restarting', 'start a connector anew, with its secrets as they are now; ends with 1 where that fails'],
  ['enable', 'enabling', 'let a connector run, also against its configuration'],
  ['disable', 'disabling', 'end a connector and take no calls of it, also against its configuration'],
];

/** `automate connectors pause|resume|restart|enable|disable` */
export function addControlCommands(connectors: Command, context: CliContext): void {
  for (const [verb, doing, description] of VERBS)
    connectors
      .command(verb)
      .argument('<id>')
      .description(description)
      .addHelpText('after', `\nExample:\n  automate connectors ${verb} slack`)
      .action(async (id: string, _options: unknown, command: Command) => {
        const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
        const info = await context.withService(rest, `${doing} ${id}`, (service, call) => service[verb](id, call));
        context.out(json === true ? JSON.stringify(connectorInfoView(info), undefined, 2) : describeControlled(info));
        if (verb === 'restart' && info.status === 'unhealthy')
          throw new CliExit(EXIT.failed, `${id} was started anew and is not healthy: ${info.lastError}`);
      });
}

function describeControlled({ id, enabled, status, pausedSince, override }: ConnectorInfo): string {
  const parts = [
    enabled ? status : 'disabled',
    ...(override === undefined ? [] : ['set over the API, which counts instead of its configuration']),
    ...(pausedSince === undefined ? [] : [`paused since ${pausedSince}: calls are refused`]),
  ];
  return `${id}: ${parts.join('; ')}`;
}
