import type { LineLevel, RecentCall } from '@automate/contract';
import { connectorInfoView, recentCallsView } from '@automate/contract/http';
import { requireLogLevel } from '@automate/contract/service';
import { ConnectorError, LINE_LEVELS } from '@automate/contract';
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { hostFilter, hostOption, tellMissing } from './host-option.ts';

/** `automate connectors calls`, `automate connectors log-level` */
export function addCallCommands(connectors: Command, context: CliContext): void {
  connectors
    .command('calls')
    .argument('<id>')
    .description('the last calls of a connector, the newest first; no payloads')
    .option('--limit <number>', 'at most so many, up to 100')
    .addOption(hostOption())
    .addHelpText('after', '\nExample:\n  automate connectors calls slack --limit 20')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, limit, host, ...rest } = command.optsWithGlobals<
        GlobalOptions & { readonly limit?: string; readonly host?: string }
      >();
      const filter = { ...(limit === undefined ? {} : { limit: Number(limit) }), ...hostFilter(host) };
      const calls = await context.withService(rest, `reading the calls of ${id}`, (service, call) =>
        service.listCalls(id, filter, call),
      );
      context.out(json === true ? JSON.stringify(recentCallsView(calls), undefined, 2) : formatCalls(context, calls));
      tellMissing(context, calls.missing);
    });

  connectors
    .command('log-level')
    .argument('<id>')
    .addArgument(
      new Argument('<level>', 'or default for that of the host')
        .choices([...LINE_LEVELS, 'default'])
        .argParser(readLevel),
    )
    .description('from which level on lines about a connector are logged, from now on; outlives a restart of the host')
    .addHelpText(
      'after',
      '\nExample:\n  automate connectors log-level slack debug\n  automate connectors log-level slack default',
    )
    .action(async (id: string, level: LineLevel | 'default', _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const info = await context.withService(rest, `setting the level of ${id}`, (service, call) =>
        service.setLogLevel(id, level, call),
      );
      const words = `${id}: lines are logged from ${info.logLevel ?? 'the level of the host'} on`;
      context.out(json === true ? JSON.stringify(connectorInfoView(info), undefined, 2) : words);
    });
}

function readLevel(level: string): LineLevel | 'default' {
  try {
    return requireLogLevel(level);
  } catch (error) {
    throw new CliExit(EXIT.usage, (error as Error).message, ConnectorError.from(error));
  }
}

function formatCalls(context: CliContext, calls: readonly RecentCall[]): string {
  if (calls.length === 0) return 'no calls since the host started';
  const isOfHosts = calls.some(({ host }) => host !== undefined);
  const rows = calls.map(
    ({ at, action, code, blame, durationMs, attempts, door, principal, traceId, keyed, host = '' }) => [
      at,
      ...(isOfHosts ? [host] : []),
      action,
      blame === undefined ? code : `${code} (${blame})`,
      `${durationMs.toFixed(1)} ms`,
      String(attempts),
      `${principal} at ${door}`,
      keyed ? 'key' : '',
      traceId ?? '',
    ],
  );
  const header = ['AT', ...(isOfHosts ? ['HOST'] : []), 'ACTION', 'CODE', 'TIME', 'TRIES', 'CALLER', 'KEY', 'TRACE'];
  return context.table(header, rows);
}
