import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Blame, ConnectorInfo, ConnectorService, HealthReport, PluginEntry, Problem } from '@automate/contract';
import { defaultPort, describeProblem, needsAction } from '@automate/contract';
import { appendPath } from '@automate/contract/schemas';
import type { HostConfig } from '../../config/host-config.ts';
import type { Grants } from '../../plugins/grants.ts';
import { findUnusedGrants } from '../../plugins/grants.ts';
import type { Finding } from './finding.ts';

/** How long an endpoint may take to accept a connection, in milliseconds. */
const REACH_MS = 3_000;

/** Whether a host that runs says that it is ready, and why not where it is not. */
export async function checkReadiness(http: string): Promise<Finding> {
  const check = 'host';
  try {
    const { status, body } = await askLocally(`${http}/health/ready`);
    if (status === 200) return { check, state: 'ok', message: `serves at ${http}` };
    const { detail = `answers ${status}` } = JSON.parse(body) as { readonly detail?: string };
    return { check, state: 'failed', message: detail, remedy: 'do what it says, and ask again' };
  } catch (error) {
    const message = `${http} does not answer: ${(error as Error).message}`;
    return { check, state: 'failed', message, remedy: 'see its log, and start it again' };
  }
}

/** Asks a host of this machine, which is known by where it is: its certificate may be for other names. */
async function askLocally(url: string): Promise<{ readonly status: number; readonly body: string }> {
  const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const request = get(url, { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(REACH_MS) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** The plugin report: what is refused, and trouble with the project itself. */
export async function checkPlugins(service: ConnectorService): Promise<readonly Finding[]> {
  const { plugins, problems } = await service.plugins();
  const project = problems.map(({ path, expected, received, remedy }): Finding => ({
    check: 'plugins',
    state: 'failed',
    message: `${path}: expected ${expected}, received ${received}`,
    remedy,
  }));
  return [...plugins.map(judgePlugin), ...project];
}

function judgePlugin(plugin: PluginEntry): Finding {
  const check = `plugin ${plugin.package}`;
  if (plugin.status !== 'admitted') {
    return {
      check,
      state: needsAction(plugin) ? 'failed' : 'warning',
      message: plugin.message ?? plugin.status,
      remedy: '"automate plugins check" says more',
    };
  }
  const words = `${plugin.version ?? ''} ${plugin.kinds.join(', ')}`.trim();
  const [warning] = plugin.warnings;
  return warning === undefined
    ? { check, state: 'ok', message: words }
    : { check, state: 'warning', message: `${words}: ${warning}`, remedy: 'ask its author' };
}

/** A slip in a grant, or what is left of one: a connector that needs it is refused elsewhere, without a word of the slip. */
export async function checkGrants(service: ConnectorService, grants: Grants): Promise<readonly Finding[]> {
  const { plugins } = await service.plugins();
  const asked = plugins.map(({ package: packageName, permissions }) => ({ packageName, permissions }));
  return findUnusedGrants(grants, asked).map((line) => ({
    check: 'plugins.grants',
    state: 'warning',
    message: `${line} grants what no kind asks for that was found`,
    remedy: 'remove it, or correct it',
  }));
}

/**
 * Whether every enabled connector can work: its kind is there, loads and takes its settings and secrets, as whoever runs it finds, and
 * its endpoint accepts connections from this machine. What stands in the way first is told first: no socket is tried for a connector
 * that cannot run at all.
 *
 * @param config of the service, where what does not work in it is to be told fault by fault
 */
export async function checkConnectors(service: ConnectorService, config?: HostConfig): Promise<readonly Finding[]> {
  const [connectors, reports] = await Promise.all([service.list({ enabledOnly: true }), service.healthCheckAll()]);
  const isFaulty = connectors.some(
    ({ id, owner }) => owner === 'file' && reports[id]?.status === 'unhealthy' && reports[id].blame !== 'remote',
  );
  const { problems } = isFaulty && config !== undefined ? await service.planConfig() : { problems: [] };
  const remedy = 'correct the file, provide the secret, or install the plugin';
  const ofProfiles = problems.flatMap((problem): readonly Finding[] => {
    const name = profileAt(problem, config);
    return name === undefined
      ? []
      : [{ check: `profile ${name}`, state: 'failed', message: describeProblem(problem), remedy }];
  });
  const ofConnectors = connectors.map(async (connector): Promise<readonly Finding[]> => {
    const check = `connector ${connector.id}`;
    const index = config?.connectors.findIndex(({ config: { id } }) => id === connector.id);
    const own = problems.filter(
      ({ path }) => path === `connectors[${index}]` || path.startsWith(`connectors[${index}].`),
    );
    const remedyHere = reports[connector.id]?.blame === 'plugin' ? remedyOf('plugin', connector.id) : remedy;
    if (own.length > 0)
      return own.map((problem) => ({ check, state: 'failed', message: describeProblem(problem), remedy: remedyHere }));
    const { profile } = config?.connectors[index ?? -1]?.config ?? {};
    if (profile !== undefined && problems.some((problem) => profileAt(problem, config) === profile))
      return [
        { check, state: 'failed', message: `does not run, for its profile "${profile}"`, remedy: 'correct that' },
      ];
    return [await checkConnector(connector, reports[connector.id])];
  });
  return [...ofProfiles, ...(await Promise.all(ofConnectors)).flat()];
}

/** The profile that a problem is in. */
function profileAt({ path }: Problem, config: HostConfig | undefined): string | undefined {
  return [...(config?.profiles.keys() ?? [])].find((name) => path.startsWith(`${appendPath('profiles', name)}.`));
}

/** The health of a remote service's connectors: their endpoints need only be reachable from there. */
export async function checkHealth(service: ConnectorService): Promise<readonly Finding[]> {
  const reports = await service.healthCheckAll();
  return Object.values(reports).map(({ id, status, message }): Finding => {
    const check = `connector ${id}`;
    const words = message === '' ? status : `${status}: ${message}`;
    return status === 'unhealthy'
      ? { check, state: 'failed', message: words, remedy: `"automate connectors test ${id}" says more` }
      : { check, state: 'ok', message: words };
  });
}

async function checkConnector(connector: ConnectorInfo, health: HealthReport | undefined): Promise<Finding> {
  const check = `connector ${connector.id}`;
  const more = `"automate connectors test ${connector.id}" says more`;
  const unwell = health?.status === 'unhealthy' ? health : undefined;
  // Who must act elsewhere than at the remote system has nothing to learn from its socket.
  if (unwell?.blame !== undefined && unwell.blame !== 'remote')
    return { check, state: 'failed', message: unwell.message, remedy: remedyOf(unwell.blame, connector.id) };
  const refused = connector.endpoint === '' ? undefined : await tryEndpoint(connector.endpoint);
  if (refused !== undefined) return { check, state: 'failed', ...refused };
  if (unwell !== undefined) return { check, state: 'failed', message: unwell.message, remedy: more };
  if (connector.heldBack !== undefined)
    return { check, state: 'warning', message: `held back: ${connector.heldBack}`, remedy: more };
  const message = connector.endpoint === '' ? 'has no endpoint to reach' : `${connector.endpoint} accepts connections`;
  return { check, state: 'ok', message };
}

function remedyOf(blame: Exclude<Blame, 'remote'>, id: string): string {
  switch (blame) {
    case 'operator':
    case 'caller':
      return `correct its entry or its secrets, or install its plugin, and ask "automate connectors test ${id}"; or disable it`;
    case 'plugin':
      return `ask its plugin's author, or install another version; "automate connectors test ${id}" says more`;
    default:
      return blame satisfies never;
  }
}

/** Why an endpoint takes no connection from this machine; undefined where it does. */
async function tryEndpoint(endpoint: string): Promise<Pick<Finding, 'message' | 'remedy'> | undefined> {
  const address = endpointAddress(endpoint);
  if (address === undefined) return { message: `${endpoint} is no URL`, remedy: 'correct scheme, host and port' };
  const socket = connectTcp(address);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(REACH_MS) });
    return undefined;
  } catch (error) {
    const reason =
      (error as Error).name === 'AbortError' ? `no connection within ${REACH_MS} ms` : whyUnreachable(error);
    return { message: `${endpoint}: ${reason}`, remedy: 'start the service, or correct host and port' };
  } finally {
    socket.destroy();
  }
}

/** A name with several addresses fails with one error for each. */
function whyUnreachable(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors : [error];
  return reasons.map((reason) => (reason as Error).message).join(', ');
}

function endpointAddress(endpoint: string): { readonly host: string; readonly port: number } | undefined {
  const url = URL.parse(endpoint);
  if (url === null || url.hostname === '') return undefined;
  const port = url.port === '' ? (defaultPort(url.protocol.slice(0, -1)) ?? 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}
