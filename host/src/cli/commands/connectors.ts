import type { ConnectorInfo, ConnectorType, HealthFinding, HealthReport } from '@automate/contract';
import { CONNECTOR_TYPES, ConnectorError } from '@automate/contract';
import { configRefused, requireType } from '@automate/contract/service';
import {
  changeResultView,
  connectorDetailsView,
  connectorListView,
  healthHistoryView,
  healthReportsView,
  healthReportView,
  testReportView,
} from '@automate/contract/http';
import { toWireConfig } from '@automate/contract/schemas';
import type { Command } from 'commander';
import { Option } from 'commander';
import { dump } from 'js-yaml';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import { CliExit, EXIT } from '../cli-context.ts';
import { readArgument } from '../read-argument.ts';
import { addCallCommands } from './calls.ts';
import { addControlCommands } from './control.ts';
import { addDescribeCommand } from './describe.ts';

interface ListOptions extends GlobalOptions {
  readonly type?: ConnectorType;
  readonly enabled?: boolean;
  readonly tag?: string;
}

interface HealthOptions extends GlobalOptions {
  readonly cached?: boolean;
  readonly history?: boolean;
  readonly type?: ConnectorType;
}

/** `automate connectors …` */
export function addConnectorCommands(program: Command, context: CliContext): void {
  const connectors = program.command('connectors').description('the configured connectors');
  const typeOption = (): Option =>
    new Option('--type <type>', 'only of this type').choices(CONNECTOR_TYPES).argParser(readType);

  connectors
    .command('list')
    .description('list connectors')
    .addOption(typeOption())
    .option('--enabled', 'only those that are enabled')
    .option('--tag <tag>', 'only those with this tag')
    .action(async (_options: unknown, command: Command) => {
      const { json, type, enabled, tag, ...rest } = command.optsWithGlobals<ListOptions>();
      const filter = {
        ...(type && { type }),
        ...(enabled === true && { enabledOnly: true }),
        ...(tag !== undefined && { tag }),
      };
      const infos = await context.withService(rest, 'listing connectors', (service, call) =>
        service.list(filter, call),
      );
      context.out(json === true ? JSON.stringify(connectorListView(infos), undefined, 2) : formatInfos(context, infos));
    });

  connectors
    .command('get')
    .argument('<id>')
    .description('show one connector and its configuration, secrets masked')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const details = await context.withService(rest, `reading ${id}`, (service, call) => service.get(id, call));
      const view = connectorDetailsView(details, toWireConfig(details.config));
      context.out(json === true ? JSON.stringify(view, undefined, 2) : dump(view, { noRefs: true }).trimEnd());
    });

  addDescribeCommand(connectors, context);
  addControlCommands(connectors, context);
  addCallCommands(connectors, context);

  for (const verb of ['register', 'update'] as const) {
    connectors
      .command(verb)
      .description(verb === 'register' ? 'add a connector' : 'replace the configuration of a registered connector')
      .requiredOption('--input <yaml>', 'the configuration as YAML or JSON: the text, @file, or - for standard input')
      .action(async (_options: unknown, command: Command) => {
        const { json, input, ...rest } = command.optsWithGlobals<GlobalOptions & { readonly input: string }>();
        const parsed = context.parseRegistration(await readArgument(context, input), '--input');
        if (!parsed.ok) throw configRefused(parsed.id, parsed.problems);
        const result = await context.withService(rest, `${verb} ${parsed.input.id}`, (service, call) =>
          service[verb](parsed.input, call),
        );
        context.out(json === true ? JSON.stringify(changeResultView(result), undefined, 2) : result.message);
      });
  }

  connectors
    .command('remove')
    .argument('<id>')
    .description('remove a registered connector')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const result = await context.withService(rest, `removing ${id}`, (service, call) => service.remove(id, call));
      context.out(json === true ? JSON.stringify(changeResultView(result), undefined, 2) : result.message);
    });

  connectors
    .command('health')
    .argument('[id]', 'one connector; without it all')
    .addOption(typeOption())
    .option('--cached', 'what the last checks found, instead of checking now')
    .option('--history', 'of one connector: all that was found last, the oldest first, instead of checking now')
    .description('check health; ends with 1 where something enabled is not healthy')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const { json, cached, history, type, ...rest } = command.optsWithGlobals<HealthOptions>();
      if (history === true) {
        if (id === undefined) throw new CliExit(EXIT.usage, '--history takes the id of one connector');
        const findings = await context.withService(rest, `reading the health of ${id}`, (service, call) =>
          service.listHealthHistory(id, call),
        );
        const view = healthHistoryView(findings);
        context.out(json === true ? JSON.stringify(view, undefined, 2) : formatHistory(context, findings));
        return;
      }
      const filter = { cached: cached === true, ...(type && { type }) };
      const reports = await context.withService(rest, 'checking health', async (service, call) =>
        id === undefined ? service.healthCheckAll(filter, call) : { [id]: await service.healthCheck(id, call) },
      );
      const [one] = Object.values(reports);
      const view = id !== undefined && one !== undefined ? healthReportView(one) : healthReportsView(reports);
      context.out(json === true ? JSON.stringify(view, undefined, 2) : formatHealth(context, Object.values(reports)));
      if (Object.values(reports).some((report) => report.status === 'unhealthy')) {
        throw new CliExit(EXIT.failed, 'not every connector is healthy');
      }
    });

  connectors
    .command('test')
    .argument('<id>')
    .description('connect anew and say whether it works')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { json, ...rest } = command.optsWithGlobals<GlobalOptions>();
      const report = await context.withService(rest, `testing ${id}`, (service, call) => service.test(id, call));
      const words = report.success
        ? `${context.style('green', 'ok')}  ${id} connects${report.endpoint === '' ? '' : ` to ${report.endpoint}`}`
        : `${context.style('red', 'failed')}  ${id}: ${report.error ?? report.status}`;
      context.out(json === true ? JSON.stringify(testReportView(report), undefined, 2) : words);
      if (!report.success) throw new CliExit(EXIT.failed, `the connection test of ${id} failed`);
    });
}

function readType(type: string): string {
  try {
    requireType(type);
    return type;
  } catch (error) {
    throw new CliExit(EXIT.usage, `--${(error as Error).message}`, ConnectorError.from(error));
  }
}

function formatInfos(context: CliContext, infos: readonly ConnectorInfo[]): string {
  if (infos.length === 0) return 'no connectors: add one to the configuration file, or register one';
  const rows = infos.map((info) => [
    info.id,
    info.kind,
    info.type,
    info.pausedSince === undefined ? info.status : `${info.status}, paused`,
    info.owner,
    info.isolation === 'none' ? 'not isolated' : info.isolation,
    [
      info.lastError === '' ? info.endpoint : info.lastError,
      ...(info.heldBack === undefined ? [] : [`held back: ${info.heldBack}`]),
      ...(info.override === undefined ? [] : [`${info.override} over the API`]),
      ...(info.host === undefined ? [] : [`on host ${info.host}`]),
    ]
      .filter((words) => words !== '')
      .join('; '),
  ]);
  return context.table(['ID', 'KIND', 'TYPE', 'STATUS', 'OWNER', 'ISOLATION', 'ENDPOINT OR ERROR'], rows);
}

function formatHistory(context: CliContext, findings: readonly HealthFinding[]): string {
  if (findings.length === 0) return 'nothing was found yet: automate connectors health ID checks now';
  const isOfHosts = findings.some(({ host }) => host !== undefined);
  const rows = findings.map(({ at, status, responseTimeMs, by, blame, message, host = '' }) => [
    at,
    ...(isOfHosts ? [host] : []),
    status,
    `${responseTimeMs} ms`,
    by,
    blame ?? '',
    message,
  ]);
  const header = ['AT', ...(isOfHosts ? ['HOST'] : []), 'STATUS', 'TIME', 'FOUND BY', 'BLAME', 'MESSAGE'];
  return context.table(header, rows);
}

function formatHealth(context: CliContext, reports: readonly HealthReport[]): string {
  const rows = reports.map(({ id, status, responseTimeMs, message, paused }) => [
    id,
    paused === true ? `${status}, paused` : status,
    `${responseTimeMs} ms`,
    message,
  ]);
  return context.table(['ID', 'STATUS', 'TIME', 'MESSAGE'], rows);
}
