import type { ConnectorService, Problem } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { openFound } from '@automate/contract/service';
import { isUnsetVariable } from '../../config/interpolate.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { Environment, HostSettings, HostSettingsInput } from '../../host-settings.ts';
import { HostConfigError, readHostSettings } from '../../host-settings.ts';
import { checkAudit } from './check-audit.ts';
import { checkHosts } from './check-hosts.ts';
import { checkFileRoots, checkSecretsDir } from './check-files.ts';
import { checkDataDir, checkInstaller, checkNode, checkPorts, checkProfiles, checkWalls } from './check-machine.ts';
import { checkStore } from './check-store.ts';
import { checkTls } from './check-tls.ts';
import { checkNetwork } from './check-network.ts';
import { checkConnectors, checkGrants, checkHealth, checkPlugins, checkReadiness } from './check-service.ts';
import { closedPaths } from '../../connectors/files-policy.ts';
import { findWalls } from '../../runtime/bodies/walls.ts';
import type { Finding } from './finding.ts';
import { openSpareDataDir } from '../../store/data-dir.ts';
import { locateHost } from '../../store/locate-host.ts';

export interface DoctorOptions {
  readonly projectDir: string;
  readonly env: Environment;
  readonly flags: HostSettingsInput;
  readonly nodeVersion: string;
  /** gRPC address of a service that runs elsewhere, to be examined in place of this project. */
  readonly address?: string;
  /** Opens a service that runs already. */
  connect(address: string): Promise<ConnectorService>;
  /** Opens a service in this process. */
  openLocal(options: {
    readonly cwd: string;
    readonly env: Environment;
    readonly flags: HostSettingsInput;
  }): Promise<ConnectorService>;
}

/**
 * Checks what a host needs: one finding per check. Nothing is changed: where there is no data directory yet, none is made. A host that
 * runs on the data directory is asked about plugins and connectors, so that what is registered is examined as well.
 */
export async function diagnose(options: DoctorOptions): Promise<readonly Finding[]> {
  const { nodeVersion, env, projectDir, address } = options;
  const node = checkNode(nodeVersion);
  // Packages of a service elsewhere are installed elsewhere.
  if (address !== undefined) return [node, ...(await examineRemote(address, options))];
  return [node, await checkInstaller(env, projectDir), ...(await examineProject(options))];
}

async function examineRemote(address: string, options: DoctorOptions): Promise<readonly Finding[]> {
  return examineService({
    open: () => options.connect(address).then(asOpened),
    otherwise: { check: 'service', remedy: 'start it, or correct the address' },
    checks: [async () => [{ check: 'service', state: 'ok', message: `${address} answers` }], checkPlugins, checkHealth],
  });
}

async function examineProject(options: DoctorOptions): Promise<readonly Finding[]> {
  const { projectDir, env, flags } = options;
  let settings: HostSettings;
  try {
    settings = readHostSettings({ flags, env, projectDir, terminal: false });
  } catch (error) {
    const message = error instanceof HostConfigError ? error.problems.map(describeProblem).join('; ') : String(error);
    return [{ check: 'settings', state: 'failed', message, remedy: 'correct the variable or the flag' }];
  }
  const loaded = await loadConfig({
    cwd: projectDir,
    configPath: settings.configPath,
    env,
    defaults: { healthIntervalMs: settings.healthIntervalMs },
  });
  const dataDir = checkDataDir(settings.dataDir);
  const host = dataDir.finding.state === 'failed' ? undefined : await locateHost({ ...options, cwd: projectDir });
  const store = await checkStore(settings);
  const problems = loaded.ok ? [] : await findProblems(loaded.problems, host?.address, options);
  const findings = [
    ...checkWalls(findWalls()),
    ...describeConfig(loaded, { projectDir, problems, running: host !== undefined }),
    dataDir.finding,
    ...store.findings,
    ...checkSecretsDir(settings.secretsDir),
    ...(await checkTls(settings.tls, host?.http)),
    ...(await checkAudit(settings, store.isThere)),
    ...(host === undefined
      ? await checkPorts(settings)
      : [
          { check: 'ports', state: 'ok', message: `a host serves on them already, gRPC on ${host.grpc}` } as const,
          await checkReadiness(host.http),
        ]),
  ];
  if (loaded.ok) {
    findings.push(...checkFileRoots(loaded.config.fileRoots, closedPaths({ settings, configFile: loaded.file })));
    findings.push(checkNetwork(loaded.config.network));
    // A host that runs has secrets of its own: only it can say whether they are there, by the health of its connectors.
    if (host === undefined && store.isThere) findings.push(...(await checkProfiles(loaded.config, env, settings)));
  } else if (host === undefined) return findings;
  const open = (): Promise<Opened> =>
    host === undefined
      ? openQuietly(
          // Tables are not made to look into them.
          store.isThere ? options : { ...options, env: { ...env, STORE_URL: undefined } },
          dataDir.usable ? settings.dataDir : undefined,
        )
      : openFound(host.who, options.connect(host.address)).then(asOpened);
  const otherwise = { check: 'host', remedy: 'see the checks above' };
  const checks = [
    ...(host === undefined || settings.storeUrl === undefined ? [] : [checkHosts]),
    checkPlugins,
    ...(loaded.ok ? [(service: ConnectorService) => checkGrants(service, loaded.config.plugins.grants)] : []),
    (service: ConnectorService) =>
      checkConnectors(service, host === undefined && loaded.ok ? loaded.config : undefined),
  ];
  return [...findings, ...(await examineService({ open, otherwise, checks }))];
}

/** Everything that is wrong with a file that cannot be used, as whoever runs it, or would, finds. */
async function findProblems(
  known: readonly Problem[],
  address: string | undefined,
  { connect, openLocal, projectDir, env, flags }: DoctorOptions,
): Promise<readonly Problem[]> {
  try {
    const service = address === undefined ? await openLocal({ cwd: projectDir, env, flags }) : await connect(address);
    try {
      const { problems } = address === undefined ? { problems: known } : await service.planConfig();
      return problems.length > 0 ? problems : known;
    } finally {
      await service.close();
    }
  } catch (error) {
    return error instanceof HostConfigError ? error.problems : known;
  }
}

function describeConfig(
  loaded: Awaited<ReturnType<typeof loadConfig>>,
  {
    projectDir,
    problems,
    running,
  }: { readonly projectDir: string; readonly problems: readonly Problem[]; readonly running: boolean },
): readonly Finding[] {
  const check = 'configuration';
  if (!loaded.ok)
    return problems.map((problem) => ({
      check,
      message: describeProblem(problem),
      ...(running && isUnsetVariable(problem)
        ? { state: 'warning', remedy: 'nothing, if the host that runs has it: it is this shell that has not' }
        : { state: 'failed', remedy: 'correct the file' }),
    }));
  return loaded.file === undefined
    ? [{ check, state: 'warning', message: `no file in ${projectDir}`, remedy: 'run "automate init" to write one' }]
    : [
        { check, state: 'ok', message: loaded.file },
        ...(loaded.warnings ?? []).map((message) => ({ check, state: 'warning' as const, message })),
      ];
}

interface Opened {
  readonly service: ConnectorService;
  close(): Promise<void>;
}

function asOpened(service: ConnectorService): Opened {
  return { service, close: () => service.close() };
}

/** Opens a service in this process. Where the data directory is missing or unfit it uses an empty one, which is removed afterwards. */
async function openQuietly(
  { projectDir, env, flags, openLocal }: DoctorOptions,
  dataDir: string | undefined,
): Promise<Opened> {
  if (dataDir !== undefined) return asOpened(await openLocal({ cwd: projectDir, env, flags: { ...flags, dataDir } }));
  await using stack = new AsyncDisposableStack();
  const spare = stack.use(await openSpareDataDir());
  const service = await openLocal({ cwd: projectDir, env, flags: { ...flags, dataDir: spare.path } });
  stack.defer(() => service.close());
  const opened = stack.move();
  return { service, close: () => opened.disposeAsync() };
}

interface Examination {
  open(): Promise<Opened>;
  /** What is said, with the reason, where the service cannot be opened. */
  readonly otherwise: { readonly check: string; readonly remedy: string };
  readonly checks: readonly ((service: ConnectorService) => Promise<readonly Finding[]>)[];
}

async function examineService({ open, otherwise, checks }: Examination): Promise<readonly Finding[]> {
  const { check, remedy } = otherwise;
  let opened: Opened;
  try {
    opened = await open();
  } catch (error) {
    return [{ check, state: 'failed', message: (error as Error).message, remedy }];
  }
  const { service } = opened;
  try {
    // What one of them cannot be told takes nothing from the others.
    const untold = (error: unknown): readonly Finding[] => [
      { check, state: 'failed', message: (error as Error).message, remedy: 'do what the message says' },
    ];
    const findings = await Promise.all(checks.map((look) => look(service).catch(untold)));
    return findings.flat();
  } finally {
    await opened.close();
  }
}
