import { statSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { once } from 'node:events';
import type { ConnectorInfo, ConnectorService } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { loadConfig } from '../config/load-config.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { Environment, HostSettings, HostSettingsInput } from '../host-settings.ts';
import { HostConfigError, readHostSettings } from '../host-settings.ts';
import { openLocalService } from '../open-local-service.ts';
import { findRunningHost } from '../store/data-dir.ts';
import { openSecrets } from './secrets.ts';

/** One line of the examination. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  readonly remedy?: string;
}

export interface DoctorOptions {
  readonly projectDir: string;
  readonly env: Environment;
  readonly flags: HostSettingsInput;
  readonly nodeVersion: string;
}

/** How long an endpoint may take to accept a connection, in milliseconds. */
const REACH_MS = 3_000;

/** Checks what a host needs, without changing anything: one finding per check. Never rejects. */
export async function diagnose(options: DoctorOptions): Promise<readonly Finding[]> {
  const { projectDir, env, flags } = options;
  const findings: Finding[] = [checkNode(options.nodeVersion), checkInstaller(env)];
  let settings: HostSettings;
  try {
    settings = readHostSettings({ flags, env, projectDir, terminal: false });
  } catch (error) {
    const problems = error instanceof HostConfigError ? error.problems.map(describeProblem).join('; ') : String(error);
    return [...findings, { check: 'settings', state: 'failed', message: problems, remedy: 'correct the variable or the flag' }];
  }
  const loaded = await loadConfig({ cwd: projectDir, configPath: settings.configPath, env, defaults: { healthIntervalMs: settings.healthIntervalMs } });
  if (!loaded.ok) {
    findings.push(
      ...loaded.problems.map((problem): Finding => ({ check: 'configuration', state: 'failed', message: describeProblem(problem), remedy: 'correct the file' })),
    );
  } else if (loaded.file === undefined) {
    findings.push({ check: 'configuration', state: 'warning', message: `no file in ${projectDir}`, remedy: 'run "automate init" to write one' });
  } else {
    findings.push({ check: 'configuration', state: 'ok', message: loaded.file });
  }
  findings.push(checkDataDir(settings.dataDir));
  const running = findRunning(settings.dataDir);
  if (running !== undefined) {
    findings.push({ check: 'ports', state: 'ok', message: `a host serves already: gRPC ${running.grpc}, REST ${running.http}` });
  } else {
    findings.push(await checkPort('GRPC_PORT', settings.bindAddress, settings.grpcPort), await checkPort('HTTP_PORT', settings.bindAddress, settings.httpPort));
  }
  if (!loaded.ok) return findings;
  findings.push(...(await checkProfiles(loaded.config, env, settings.secretsDir)));
  return [...findings, ...(await examineService(options))];
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 16)
    ? { check: 'Node.js', state: 'ok', message: version }
    : { check: 'Node.js', state: 'failed', message: version, remedy: 'install 24.16 or newer' };
}

function checkInstaller(env: Environment): Finding {
  // Set by every package manager for the scripts that it runs: "pnpm/12.21.0 npm/? node/v24".
  const agent = env['npm_config_user_agent'];
  return agent === undefined
    ? { check: 'package manager', state: 'ok', message: 'started directly; plugins are added with pnpm or npm' }
    : { check: 'package manager', state: 'ok', message: agent.split(' ')[0] ?? agent };
}

function checkDataDir(directory: string): Finding {
  try {
    const mode = statSync(directory).mode & 0o777;
    return (mode & 0o077) === 0
      ? { check: 'data directory', state: 'ok', message: directory }
      : { check: 'data directory', state: 'warning', message: `${directory} can be read by others (mode ${mode.toString(8)})`, remedy: `run "chmod 700 ${directory}"` };
  } catch {
    return { check: 'data directory', state: 'ok', message: `${directory} will be made at the first start` };
  }
}

function findRunning(directory: string): ReturnType<typeof findRunningHost> {
  try {
    return findRunningHost(directory);
  } catch {
    return undefined; // there is no such directory yet
  }
}

async function checkPort(name: string, address: string, port: number): Promise<Finding> {
  if (port === 0) return { check: name, state: 'ok', message: 'a free port will be picked' };
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    return { check: name, state: 'ok', message: `${address}:${port} is free` };
  } catch (error) {
    return { check: name, state: 'failed', message: `${address}:${port}: ${(error as Error).message}`, remedy: `stop what listens there, or set ${name}` };
  } finally {
    server.close();
  }
}

async function checkProfiles(config: HostConfig, env: Environment, secretsDir: string | undefined): Promise<readonly Finding[]> {
  const secrets = openSecrets({ env, secretsDir });
  const users = config.connectors.filter(({ config: { enabled } }) => enabled);
  const findings = await Promise.all(
    users.map(async ({ config: connector }): Promise<readonly Finding[]> => {
      const check = `secrets of ${connector.id}`;
      try {
        await secrets.resolve(connector, config.profiles);
        return connector.profile === undefined ? [] : [{ check, state: 'ok', message: `profile ${connector.profile} resolves` }];
      } catch (error) {
        return [{ check, state: 'failed', message: (error as Error).message, remedy: 'provide the secret, or correct the reference' }];
      }
    }),
  );
  return findings.flat();
}

async function examineService({ projectDir, env, flags }: DoctorOptions): Promise<readonly Finding[]> {
  let service: ConnectorService;
  try {
    service = await openLocalService({ cwd: projectDir, env, flags });
  } catch (error) {
    return [{ check: 'host', state: 'failed', message: (error as Error).message, remedy: 'see the checks above' }];
  }
  try {
    const [report, connectors] = await Promise.all([service.plugins(), service.list({ enabledOnly: true })]);
    const plugins = report.plugins.map((plugin): Finding => ({
      check: `plugin ${plugin.package}`,
      ...(plugin.status === 'admitted'
        ? { state: 'ok', message: `${plugin.version ?? ''} ${plugin.kinds.join(', ')}`.trim() }
        : { state: plugin.status === 'problem' || plugin.reason === 'incompatible' ? 'failed' : 'warning', message: plugin.message ?? plugin.status, remedy: 'see "automate plugins check"' }),
    }));
    const project = report.problems.map((problem): Finding => ({
      check: 'plugins',
      state: 'failed',
      message: `${problem.path}: expected ${problem.expected}, received ${problem.received}`,
      remedy: problem.remedy,
    }));
    return [...plugins, ...project, ...(await Promise.all(connectors.map(checkEndpoint)))];
  } finally {
    await service.close();
  }
}

async function checkEndpoint(connector: ConnectorInfo): Promise<Finding> {
  const check = `connector ${connector.id}`;
  if (connector.lastError !== '') return { check, state: 'failed', message: connector.lastError, remedy: 'install the plugin, or disable the connector' };
  if (connector.endpoint === '') return { check, state: 'ok', message: 'has no endpoint to reach' };
  const url = new URL(connector.endpoint);
  const port = Number(url.port === '' ? (/^(https|wss):$/.test(url.protocol) ? 443 : 80) : url.port);
  const socket = connectTcp({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(REACH_MS) });
    return { check, state: 'ok', message: `${connector.endpoint} accepts connections` };
  } catch (error) {
    const reason = (error as Error).name === 'AbortError' ? `no connection within ${REACH_MS} ms` : (error as Error).message;
    return { check, state: 'failed', message: `${connector.endpoint}: ${reason}`, remedy: 'start the service, or correct host and port' };
  } finally {
    socket.destroy();
  }
}
