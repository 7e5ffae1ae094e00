import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { BootReport } from './boot-report.ts';
import { BootTimer } from './boot-report.ts';
import { CloseStack } from './close-stack.ts';
import { Announcements } from './compose/announcements.ts';
import { createConnectorRuntime } from './compose/connector-runtime.ts';
import { createFilesPolicy } from './compose/files-policy.ts';
import type { KindRegistration } from './compose/kinds.ts';
import { EmbeddedKinds } from './compose/kinds.ts';
import { openListeners } from './compose/listeners.ts';
import { PluginScanner } from './compose/plugin-scanner.ts';
import { Reconfiguration } from './compose/reconfiguration.ts';
import { createReload } from './compose/reload.ts';
import { openSecrets, shortSecrets } from './compose/secrets.ts';
import { openTelemetry } from './compose/telemetry.ts';
import { loadConfig } from './config/load-config.ts';
import { watchConfig } from './config/watch-config.ts';
import { createPipeline } from './execution/pipeline.ts';
import { HealthMonitor } from './health/health-monitor.ts';
import type { Environment, HostSettingsInput } from './host-settings.ts';
import { HostConfigError, readHostSettings } from './host-settings.ts';
import type { Host } from './host.ts';
import { findProjectRoot, readIdentity } from './identity.ts';
import { openHostLog } from './log/host-log.ts';
import { recordFields } from './log/record-fields.ts';
import { KindCatalog } from './registry/kind-catalog.ts';
import { Registry } from './registry/registry.ts';
import type { WorkerEvents } from './runtime/runtime.ts';
import { createWorkerRuntime } from './runtime/worker-runtime.ts';
import { closeSecretsDir } from './secrets/secrets-dir.ts';
import { HostConnectorService } from './service/connector-service.ts';
import { Descriptions } from './service/descriptions.ts';
import { EventHub } from './service/event-hub.ts';
import { LiveConnectors } from './service/live-connectors.ts';
import { Registrations } from './service/registrations.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import { createScrubber } from './secrets/scrubber.ts';
import { holdDataDir, openDataDir, refuseWhereServed } from './store/data-dir.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { ProcessUsage } from './telemetry/process-metrics.ts';

export interface HostOptions {
  /** Where to look for the project: the nearest package.json at or above this directory is its root. */
  readonly cwd: string;
  /** Environment variables, which references in the configuration may name. Pass `process.env`. */
  readonly env: Environment;
  /** Settings that win over the environment. */
  readonly flags?: HostSettingsInput;
  /**
   * Whether to open gRPC and REST, watch the configuration file and check health in the background. Default true; false
   * for one-off use in process.
   */
  readonly serve?: boolean;
  /** Where the log goes. */
  readonly logTo: Writable;
  /** Node's `process`, for metrics of its memory and CPU time. Absent: those are not measured. */
  readonly process?: ProcessUsage;
  /** Knows the secrets of this host; for programs that print errors of their own. */
  readonly scrubber?: Scrubber;
  /** Kinds that the embedding program brings along. */
  readonly kinds?: readonly KindRegistration[];
}

/** Milliseconds without a call after which a worker that has no health checks stops. */
const IDLE_STOP_MS = 10 * 60_000;
/** How long connectors may take to close, each, in milliseconds. */
const CLOSE_GRACE_MS = 5_000;

/**
 * Starts a host: reads the configuration, finds the plugins, opens the doors. Workers start when they are first needed,
 * so that no connector's trouble keeps the host from starting.
 *
 * Rejects with HostConfigError where the configuration or the settings are wrong, and with Error where a port or the
 * data directory is taken. What was opened until then is closed again. The caller owns the host and closes it.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const stack = new CloseStack();
  try {
    return await openHost(options, stack);
  } catch (error) {
    await stack.close().catch(() => undefined);
    throw error;
  }
}

async function openHost(options: HostOptions, stack: CloseStack): Promise<Host> {
  const { env, flags = {}, serve = true, scrubber = createScrubber() } = options;
  const timer = new BootTimer();
  const identity = readIdentity();
  const projectDir = await findProjectRoot(options.cwd);
  const terminal = (options.logTo as { isTTY?: boolean }).isTTY === true;
  const settings = readHostSettings({ flags, env, projectDir, terminal });
  const load = (): ReturnType<typeof loadConfig> =>
    loadConfig({
      cwd: projectDir,
      configPath: settings.configPath,
      env,
      defaults: { healthIntervalMs: settings.healthIntervalMs },
    });
  const loaded = await load();
  if (!loaded.ok) throw new HostConfigError(loaded.problems);
  timer.mark('configuration');

  const secrets = openSecrets({ env, settings, scrubber });
  secrets.learnVariables(loaded.config);
  const log = await openHostLog({
    level: settings.logLevel,
    format: settings.logFormat,
    destination: options.logTo,
    scrub: (line) => scrubber.scrubLine(line),
  });
  stack.push({ name: 'log', close: () => log.flush() });

  const kinds = new KindCatalog();
  const embedded = new EmbeddedKinds();
  for (const registration of options.kinds ?? []) kinds.register(await embedded.prepare(registration));
  let config = loaded.config;
  const { version: hostVersion } = identity;
  const scanner = new PluginScanner({ projectDir, hostVersion, kinds, settings: () => config.plugins });
  scanner.scan({ full: false });
  timer.mark('discovery');

  const filesOf = createFilesPolicy({ settings, configFile: loaded.file, roots: () => config.fileRoots });
  openDataDir(settings.dataDir);
  const unfit = serve && settings.secretsDir !== undefined ? closeSecretsDir(settings.secretsDir) : undefined;
  if (unfit !== undefined) log.warn({}, unfit);
  const lock = serve ? await holdDataDir(settings.dataDir) : undefined;
  if (lock !== undefined) stack.push({ name: 'data directory', close: () => lock.release() });
  const store = openSqliteStore(join(settings.dataDir, 'connectors.db'));
  stack.push({ name: 'store', close: () => store.close() });
  timer.mark('store');

  const registry = new Registry(kinds);
  const hub = new EventHub();
  stack.push({ name: 'watchers', close: () => hub.close() });
  const telemetry = await openTelemetry({ settings, version: hostVersion, log, registry, process: options.process });
  stack.push({ name: 'telemetry', close: () => telemetry.shutdown() });
  const monitor = new HealthMonitor();
  const events: WorkerEvents = {
    onLog: (record) => log[record.level](recordFields(record), record.message),
    onRecord: (record) => log.write(record.level, recordFields(record), record.message),
    onState: (id) => announcements.status(id),
    onCrash: (id, error) => {
      const reason = error.details?.['reason'];
      log.warn({ connector: id, reason }, error.message);
      telemetry.recordCrash(id, typeof reason === 'string' ? reason : 'unknown');
    },
  };
  const runtime = createWorkerRuntime({ events, secrets: secrets.filter });
  stack.push({ name: 'runtime', close: () => runtime.close({ graceMs: CLOSE_GRACE_MS }) });
  const { createWorker, inspect } = createConnectorRuntime({
    runtime,
    events,
    inline: () => embedded.inline,
    hostVersion,
    idleStopMs: IDLE_STOP_MS,
    resolve: async (entry, description) => {
      const resolved = await secrets.resolve(entry.config, config.profiles, description);
      const short = shortSecrets(resolved);
      if (short !== undefined) log.warn({ connector: entry.id }, short);
      return { ...resolved, files: filesOf({ ...entry, profileSettings: resolved.profile?.settings }) };
    },
    secrets: secrets.filter,
    learnSettings: (settings, description) => secrets.learnSettings(settings, description),
  });
  const live = new LiveConnectors({
    registry,
    monitor,
    createWorker,
    onHealth: (id) => announcements.status(id),
    onCheck: (id, status) => telemetry.recordHealthCheck(id, status),
  });
  stack.push({ name: 'connectors', close: () => live.closeAll() });
  telemetry.observe(live);
  const descriptions = new Descriptions({ live, inspect });
  const registrations = new Registrations({
    registry,
    kinds,
    store,
    live,
    descriptions,
    findProfile: (name) => config.profiles.get(name),
    filesOf: (connector, profileSettings) =>
      filesOf({ owner: 'api', anyPath: false, config: connector, profileSettings }),
    healthIntervalMs: settings.healthIntervalMs,
    // Whoever serves holds the directory, and nobody else changes what it serves.
    assertWritable: () => (serve ? undefined : refuseWhereServed(settings.dataDir)),
    onChange: (change) => {
      if (change.kind === 'removed') announcements.removed(change.id);
      else announcements.changed(change.kind, change.entry);
    },
  });
  const reconfiguration = new Reconfiguration({
    registry,
    kinds,
    store,
    live,
    scanner,
    healthIntervalMs: settings.healthIntervalMs,
  });
  const service = new HostConnectorService({
    registry,
    live,
    registrations,
    descriptions,
    hub,
    execute: createPipeline({ find: (id) => live.target(id), recorder: telemetry.calls }),
    plugins: async () => scanner.report(),
    rescan: async () => {
      const report = scanner.scan({ full: true });
      announcements.all(reconfiguration.apply(config, () => false));
      return report;
    },
    onClose: () => stack.close(),
  });
  const announcements = new Announcements({
    registry,
    hub,
    log,
    report: (entry) => live.report(entry),
    onGone: (id) => {
      telemetry.forgetConnector(id);
      scrubber.release(id);
    },
  });
  const first = reconfiguration.apply(config, () => false);
  stack.push({ name: 'service', close: () => service.end() });
  timer.mark('registry');

  const reload = createReload({
    load,
    log,
    apply: (next) => {
      const before = config;
      config = next;
      secrets.learnVariables(config);
      const change = reconfiguration.reload(before, config);
      announcements.all(change);
      return change;
    },
  });

  const listeners = serve
    ? await openListeners({
        service,
        settings,
        log,
        version: identity.version,
        stack,
        metrics: () => telemetry.metricsText(),
      })
    : undefined;
  if (listeners !== undefined) {
    timer.mark('listeners');
    if (loaded.file !== undefined) {
      const watcher = await watchConfig({
        file: loaded.file,
        onChange: async () => void (await reload()),
        onError: (error) => log.error({ err: error }, 'reading the configuration again failed'),
      });
      stack.push({ name: 'configuration watcher', close: () => watcher.close() });
    }
    monitor.start();
    stack.push({ name: 'health', close: () => monitor.close() });
    lock?.publish({ grpc: listeners.grpcAddress, http: listeners.httpAddress });
    listeners.setServing(true);
    stack.push({ name: 'readiness', close: () => listeners.setServing(false) });
  }
  const addresses =
    listeners === undefined ? undefined : { grpcAddress: listeners.grpcAddress, httpAddress: listeners.httpAddress };
  const report: BootReport = {
    version: identity.version,
    projectDir,
    ...(loaded.file === undefined ? undefined : { configFile: loaded.file }),
    plugins: scanner.lastReport,
    connectors: await service.list(),
    warnings: [...first.warnings],
    ...addresses,
    stages: timer.stages,
  };
  return {
    service,
    registry: {
      register: async (name, adapter, more) => {
        const kind = await embedded.prepare({ ...more, kind: name, adapter });
        service.requireOpen();
        kinds.register(kind);
        announcements.all(reconfiguration.apply(config, () => false));
      },
    },
    report,
    logFormat: settings.logFormat,
    ...addresses,
    reload,
    close: () => stack.close(),
    [Symbol.asyncDispose]: () => stack.close(),
  };
}
