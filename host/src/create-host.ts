// Long, as the one place that knows every part of a host opens them all, in order.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { Writable } from 'node:stream';
import type { DoorStatus, HostInfo, Principal, PluginReport, Problem } from '@automate/contract';
import { ConnectorError, LOCAL_PRINCIPAL } from '@automate/contract';
import { Access } from './access/access.ts';
import { authorise } from './access/authorise.ts';
import { mayCall, mayCallAny, mayCallSome, maySee, maySeeAny } from './access/permissions.ts';
import { checkAddress } from './access/check-address.ts';
import { Tokens } from './access/tokens.ts';
import type { BootReport } from './boot-report.ts';
import { BootTimer } from './boot-report.ts';
import type { OpenCluster } from './cluster/open-cluster.ts';
import { CloseStack } from './close-stack.ts';
import { SEARCH_PLACES } from './config/find-config.ts';
import type { LoadedConfig, UnusableConfig } from './config/load-config.ts';
import { emptyConfig, loadConfig, readConfig } from './config/load-config.ts';
import { BEFORE_APPLY_FILE, replaceConfigFile } from './config/replace-config-file.ts';
import { watchConfig } from './config/watch-config.ts';
import { Announcements } from './connectors/announcements.ts';
import { createCallbackPolicy } from './connectors/callback-policy.ts';
import { catchUp } from './connectors/catch-up.ts';
import { Changes } from './connectors/changes.ts';
import { createConfigFaults } from './connectors/config-faults.ts';
import { ConnectorViews } from './connectors/connector-views.ts';
import { createConnectorRuntime, tellWorkerNews } from './connectors/connector-runtime.ts';
import { Descriptions } from './connectors/descriptions.ts';
import type { ConnectorEntry } from './connectors/connector-state.ts';
import { createControls } from './connectors/controls.ts';
import { kindOf } from './connectors/connector-state.ts';
import { executionPlaces } from './connectors/execution-places.ts';
import { createFilesPolicy, placesOf, withWholePaths } from './connectors/files-policy.ts';
import { placements } from './connectors/placement.ts';
import { createPluginSetReader } from './connectors/plugin-set.ts';
import { exportConfig } from './connectors/export-config.ts';
import { createEntryFaults } from './connectors/entry-faults.ts';
import { Gate } from './connectors/gate.ts';
import { HealthHistories } from './connectors/health-histories.ts';
import { HealthMonitor } from './connectors/health-monitor.ts';
import { memoryRoom } from './connectors/memory-room.ts';
import type { MemoryBounds } from './connectors/memory-room.ts';
import { LiveConnectors } from './connectors/live-connectors.ts';
import { createNetworkPolicies, listeningPlaces } from './connectors/network-policies.ts';
import { Profiles, readProfiles } from './connectors/profiles.ts';
import { Registrations } from './connectors/registrations.ts';
import { Registry } from './connectors/registry.ts';
import { reportHeldBack } from './connectors/report-held-back.ts';
import { connectorsWith, secretUses } from './connectors/secret-uses.ts';
import { dropLeftBehind } from './connectors/drop-left-behind.ts';
import { sealRegistrations } from './connectors/seal-registrations.ts';
import { SourceChanges } from './connectors/source-changes.ts';
import { EventHub } from './events/event-hub.ts';
import { KeptOutcomes } from './execution/kept-outcomes.ts';
import { Executions } from './executions/executions.ts';
import { Schedules } from './executions/schedules.ts';
import { createCallLog } from './execution/call-log.ts';
import { createPipeline, gatesInOrder } from './execution/pipeline.ts';
import type { Environment, HostSettings, HostSettingsInput } from './host-settings.ts';
import { HostConfigError, readHostSettings } from './host-settings.ts';
import type { Host } from './host.ts';
import { findProjectRoot, HOST_FILES, readIdentity } from './identity.ts';
import { openHostLog } from './log/host-log.ts';
import { LogTail } from './log/log-tail.ts';
import { clockTeller, tellConfigDrift, tellDrained, tellDrift, tellLease, tellStore } from './log/tell-shared.ts';
import { faultTeller, openLoggedEvents } from './log/log-events.ts';
import { watchInstalls } from './plugins/install/watch-installs.ts';
import { acceptanceOf } from './plugins/lock/acceptance.ts';
import { findLockProblems, findUnaccepted } from './plugins/lock/find-lock-problems.ts';
import { KindCatalog } from './plugins/kind-catalog.ts';
import type { KindRegistration } from './plugins/kinds.ts';
import { toRegisteredKind } from './plugins/kinds.ts';
import { PluginScanner } from './plugins/plugin-scanner.ts';
import { Snapshots } from './plugins/snapshots/snapshots.ts';
import type { ListeningPlace } from './runtime/network-policy.ts';
import { auditService } from './records/audited-service.ts';
import type { AuditLog } from './records/audit-log.ts';
import { openAudit } from './records/open-audit.ts';
import { recordEvents } from './records/record-events.ts';
import { RecentCalls } from './execution/recent-calls.ts';
import { Refusals } from './records/refusals.ts';
import { createWorkerRuntime } from './runtime/worker-runtime.ts';
import { describeBesideData, MasterKeyError, openMasterKeys } from './secrets/master-key.ts';
import type { MasterKeys } from './secrets/master-key.ts';
import { learnExport, learnStore, learnVariables, openSecrets, shortSecrets } from './secrets/open-secrets.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import { createScrubber } from './secrets/scrubber.ts';
import { createSecretOperations } from './secrets/secret-operations.ts';
import { sealTexts } from './secrets/sealed-texts.ts';
import { findForeignKey, withCommonFirst } from './secrets/shared-keys.ts';
import { openSecretVault } from './secrets/secret-vault.ts';
import { closeSecretsDir } from './secrets/secrets-dir.ts';
import { watchSecrets } from './secrets/watch-secrets.ts';
import { HostConnectorService } from './service/connector-service.ts';
import { adviseShared } from './store/advise-shared.ts';
import {
  DATABASE_FILE,
  holdDataDir,
  lockDataDir,
  openDataDir,
  openSpareDataDir,
  refuseWhereServed,
} from './store/data-dir.ts';
import { makeHostId } from './store/host-id.ts';
import type { OpenStores } from './store/open-stores.ts';
import { openStores } from './store/open-stores.ts';
import type { Stores } from './store/stores.ts';
import type { ProcessUsage } from './telemetry/process-metrics.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { openListeners } from './transports/listeners.ts';
import { readTlsFiles } from './transports/tls-files.ts';
import { keepTls } from './transports/tls-keeper.ts';
import { Webhooks } from './webhooks/webhooks.ts';

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
  /** Node's `process`, for metrics of its memory and CPU time, and for what a container may have. Absent: those are not measured, and the machine's memory counts. */
  readonly process?: ProcessUsage & MemoryBounds & { readonly pid?: number };
  /**
   * Milliseconds between two looks at what each worker uses. Default 5000. What is told of the last minute is told of twelve looks.
   */
  readonly sampleMs?: number;
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
export function createHost(options: HostOptions): Promise<Host> {
  return createHostOver(openStores, options);
}

/** The same, over stores of another make. */
export async function createHostOver(open: OpenStores, options: HostOptions): Promise<Host> {
  const stack = new CloseStack();
  try {
    return await openHost(open, options, stack);
  } catch (error) {
    await stack.close().catch(() => undefined);
    throw error;
  }
}

/** @param instead the configuration, in the place of what the file says */
async function openHost(
  open: OpenStores,
  options: HostOptions,
  stack: CloseStack,
  instead?: LoadedConfig & { readonly ok: true },
): Promise<Host> {
  const { env, flags = {}, serve = true, scrubber = createScrubber() } = options;
  const timer = new BootTimer();
  const identity = readIdentity();
  const projectDir = await findProjectRoot(options.cwd);
  const terminal = (options.logTo as { isTTY?: boolean }).isTTY === true;
  const settings = readHostSettings({ flags, env, projectDir, terminal });
  const defaults = { healthIntervalMs: settings.healthIntervalMs };
  const load = (): ReturnType<typeof loadConfig> =>
    loadConfig({ cwd: projectDir, configPath: settings.configPath, env, defaults, without: flags.without });
  const loaded = instead ?? (await load());
  const tlsFiles = serve && settings.tls !== undefined ? readTlsFiles(settings.tls) : undefined;
  if (!loaded.ok || tlsFiles?.ok === false) {
    const inFiles = tlsFiles?.ok === false ? tlsFiles.problems : [];
    const inConfig = loaded.ok ? [] : await findEveryFault(loaded, { open, options, scrubber, settings });
    throw new HostConfigError([...inConfig, ...inFiles]);
  }
  timer.mark('configuration');

  learnExport(scrubber, env, settings.otlpEndpoint);
  learnStore(scrubber, settings.storeUrl);
  learnVariables(scrubber, loaded.config);
  const tail = new LogTail();
  // Made after the log, which tells it every line from then on.
  const telling: { telemetry?: Telemetry } = {};
  const log = await openHostLog({
    level: settings.logLevel,
    format: settings.logFormat,
    destination: options.logTo,
    scrub: (line) => scrubber.scrubLine(line),
    onLine(line, level, connector) {
      tail.add(line, level, connector);
      telling.telemetry?.takeLine(line, level);
    },
  });
  stack.push({ name: 'log', close: () => log.flush() });
  // A host that serves tells them as it reports its start.
  if (!serve) for (const warning of loaded.warnings ?? []) log.warn({}, warning);

  const scanner = new PluginScanner({ projectDir, hostVersion: identity.version });
  const discovered = scanner.scan(loaded.config.plugins, { full: false });
  const drift = ({ frozen }: { readonly frozen: boolean }, report: PluginReport): readonly Problem[] =>
    flags.frozen === true || frozen ? findLockProblems(projectDir, report) : [];
  const drifted = drift(loaded.config.plugins, scanner.lastReport);
  if (drifted.length > 0) throw new HostConfigError(drifted);
  const unaccepted = findUnaccepted(projectDir, scanner.lastReport);
  const registered = (options.kinds ?? []).map(toRegisteredKind);
  const kinds = registered.reduce((all, kind) => all.withRegistered(kind), new KindCatalog());
  const registry = new Registry(
    { config: loaded.config, kinds: kinds.withDiscovered(discovered), setProfiles: new Map(), overlays: new Map() },
    maySee,
  );
  timer.mark('discovery');

  openDataDir(settings.dataDir);
  const sharing: { cluster?: OpenCluster | undefined } = {};
  const ownKeys = openMasterKeys({
    dataDir: settings.dataDir,
    keyFile: settings.masterKeyFile,
    onMade: (warning) => log.warn({}, warning),
  });
  const masterKeys = withCommonFirst(ownKeys, () => sharing.cluster?.keysOfOthers() ?? []);
  requireReadable(masterKeys);
  if (serve && masterKeys.besideData && masterKeys.all().length > 0) log.warn({}, describeBesideData(masterKeys.file));
  if (serve) for (const advice of adviseShared(settings, masterKeys.besideData)) log.warn({}, advice);
  const unfit = serve && settings.secretsDir !== undefined ? closeSecretsDir(settings.secretsDir) : undefined;
  if (unfit !== undefined) log.warn({}, unfit);
  const lock = serve ? await holdDataDir(settings.dataDir) : undefined;
  if (lock !== undefined) stack.push({ name: 'data directory', close: () => lock.release() });
  const snapshots = new Snapshots({
    dataDir: settings.dataDir,
    owned: lock !== undefined,
    lock: () => lockDataDir(settings.dataDir),
    warn: (message) => log.warn({}, message),
  });
  stack.push({ name: 'snapshots', close: () => snapshots.settle() });
  const stores = await open({
    ...settings,
    onStore: (lost) => tellStore(log, lost),
    onClock: clockTeller(log),
  });
  stack.push({ name: 'store', close: () => stores.close() });
  const { connectors: store, discoveries, outcomes, overlays: overlayStore, profiles: profileStore } = stores;
  if (serve) await requireSharedKey(masterKeys, stores, settings);
  const vault = openSecretVault(stores.secrets, masterKeys);
  const lostKeys = serve ? await vault.findLostKeys() : undefined;
  if (lostKeys !== undefined) log.warn({}, lostKeys);
  const secrets = openSecrets({ env, settings, scrubber, vault });
  const tokens = await Tokens.open(stores.tokens);
  const hasClientCa = settings.tls?.clientCaFile !== undefined;
  const alwaysSignIn = !settings.loopback || hasClientCa;
  const signInRequired = (): boolean => alwaysSignIn || tokens.any;
  timer.mark('store');

  const tellFault = faultTeller(log);
  const events = openLoggedEvents(log, tellFault);
  const hub = new EventHub();
  stack.push({ name: 'watchers', close: () => hub.close() });
  stack.push({ name: 'followers of the log', close: () => tail.close() });
  const recentCalls = new RecentCalls((id) => registry.find(id) !== undefined);
  events.on('change', (kind, id) => {
    log.setLevel(id, registry.find(id)?.overlay?.logLevel);
    if (kind === 'added') tail.keep(id);
    if (kind !== 'removed') return;
    tail.forget(id);
    recentCalls.forget(id);
  });
  const telemetry = await createTelemetry({
    version: identity.version,
    otlpEndpoint: instead === undefined ? settings.otlpEndpoint : undefined,
    otlpWithout: settings.otlpWithout,
    metricExportMs: settings.metricExportMs,
    logger: log,
    process: options.process,
    sampleMs: options.sampleMs,
    isConnector: (id) => registry.find(id) !== undefined,
  });
  telling.telemetry = telemetry;
  telemetry.listen(events);
  stack.push({ name: 'telemetry', close: () => telemetry.shutdown() });
  const workerEvents = tellWorkerNews(events, log, tellFault);
  const runtime = createWorkerRuntime({ events: workerEvents, secrets: secrets.filter });
  stack.push({ name: 'runtime', close: () => runtime.close({ graceMs: CLOSE_GRACE_MS }) });
  // The secrets of a removed connector are kept out of texts for as long as its worker runs.
  const letGo = (id: string): void => {
    if (registry.find(id) === undefined && !runtime.runs(id)) scrubber.release(id);
  };
  events.on('change', (_kind, id) => letGo(id));
  events.on('status', letGo);
  events.on('change', (kind, id) => {
    if (kind !== 'removed') return;
    health.forget(id);
    outcomes.forget(id).catch((fault: unknown) => tellFault(fault, `the outcomes of "${id}" were removed`));
  });
  const places = placesOf({ settings, configFile: loaded.file, projectDir });
  const filesOf = createFilesPolicy(places);
  const recording = (): boolean => settings.audit ?? signInRequired();
  const audit = openAudit({ settings, recording, masterKeys, log });
  stack.push({ name: 'audit', close: () => audit.close() });
  if (serve && recording()) requireAuditKeys(audit);
  const refusals = new Refusals(audit);
  stack.push({ name: 'refusals', close: async () => refusals.flush() });
  // Filled by the doors as they open.
  const own = { places: new Array<ListeningPlace>(), sockets: new Array<string>() };
  const network = createNetworkPolicies({
    own,
    closed: places.closed,
    environment: env,
    signInRequired,
    config: () => registry.sources.config.network,
  });
  const connectorRuntime = createConnectorRuntime({
    runtime,
    snapshots,
    hostVersion: identity.version,
    idleStopMs: IDLE_STOP_MS,
    heldForMs: (id) => cluster?.heldForMs(id) ?? Infinity,
    environment: env,
    network,
    ...places,
    resolve: async (entry, description) => {
      const resolved = await secrets.resolve(withWholePaths(entry.config, places.base), entry.profile, description);
      const short = shortSecrets(resolved);
      if (short !== undefined) log.warn({ connector: entry.id }, short);
      return {
        ...resolved,
        files: filesOf({
          ...entry,
          kind: kindOf(entry),
          profileSettings: entry.profile?.owner === 'file' ? resolved.profile?.settings : undefined,
        }),
      };
    },
    warn: (connector, message) => log.warn({ connector }, message),
    learnSettings: (given, description) => secrets.learnSettings(given, description),
  });
  const monitor = new HealthMonitor({ onFault: (fault, id) => tellFault(fault, `the health of "${id}" was checked`) });
  const { createWorker } = connectorRuntime;
  const tls =
    settings.tls === undefined || tlsFiles === undefined ? undefined : keepTls(settings.tls, tlsFiles.material, log);
  if (tls !== undefined) stack.push({ name: 'TLS', close: () => tls.close() });
  const placement = placements(registry);
  const cluster =
    serve && stores.placements !== undefined
      ? // Who shares nothing loads nothing of it: it is a client of gRPC.
        (await import('./cluster/open-cluster.ts')).openCluster({
          store: stores.placements,
          host: {
            id: makeHostId(settings.dataDir),
            name: hostname(),
            version: identity.version,
            labels: settings.hostLabels,
            pid: options.process?.pid ?? 0,
          },
          memory() {
            const { limit, free } = memoryRoom(options.process);
            return {
              memoryBytes: options.process?.memoryUsage().rss ?? 0,
              memoryLimitBytes: limit,
              memoryFreeBytes: free,
            };
          },
          useOf: (id) => live.useOf(id),
          letGo: (id, how) => live.letGo(id, how),
          onLost(ids) {
            for (const id of ids) live.drop(id);
          },
          onLease: (lost) => tellLease(log, lost),
          keys: () => masterKeys.all(),
          authorities: () =>
            [tls?.material.context.cert, tls?.material.context.ca]
              .flat()
              .flatMap((pem) => (pem === undefined ? [] : [String(pem)])),
          warn: (message) => log.warn({}, message),
          onFault: tellFault,
          trace: (call) => telemetry.passOn(call),
          ...placement,
          healthOf: (id) => {
            const entry = registry.find(id);
            return entry && live.report(entry);
          },
          onNews: (id) => events.emit('status', id),
          plugins: createPluginSetReader({
            projectDir,
            kinds: () => registry.sources.kinds,
            configText: () => sourceChanges.text,
          }),
          onDrift: (drift) => tellDrift(log, drift),
          onConfigDrift: (drift) => tellConfigDrift(log, drift),
        })
      : undefined;
  sharing.cluster = cluster;
  if (cluster !== undefined) {
    stack.push({ name: 'cluster', close: () => cluster.close() });
    events.on('status', (id) => cluster.cluster.noteHealth(id));
    events.on('change', (kind, id) => {
      if (kind === 'removed' || placement.lacksKind(id))
        cluster.cluster.release(id).catch((fault: unknown) => tellFault(fault, `the connector "${id}" was let go of`));
    });
  }
  const health = new HealthHistories({
    store: stores.health,
    host: stores.placements === undefined ? '' : makeHostId(settings.dataDir),
    keeps: serve,
    isAlone: () => (cluster?.listHosts().length ?? 0) < 2,
    onFault: tellFault,
  });
  stack.push({ name: 'health history', close: () => health.close() });
  const live: LiveConnectors = new LiveConnectors({
    history: health,
    registry,
    monitor,
    createWorker,
    events,
    memory: options.process,
    placement: cluster,
  });
  telemetry.observe(() => ({
    connectors: live.observe(),
    abandonedThreads: runtime.abandonedThreads,
    ...(tls === undefined ? {} : { tls: { expires: tls.material.expires, usable: tls.fault === undefined } }),
    audit: audit.recording ? audit.observe() : undefined,
  }));
  const report = (entry: ConnectorEntry) => live.report(entry);
  const views = new ConnectorViews(report, cluster?.holderOf);
  const announcements = new Announcements({
    ...{ registry, hub, views, log, report },
    isHere: (id) => cluster?.healthElsewhere(id) === undefined,
  });
  announcements.listen(events);
  recordEvents(events, audit, refusals);
  const descriptions = new Descriptions({
    live,
    inspect: connectorRuntime.inspect,
    store: discoveries,
    warn: (message) => log.warn({}, message),
  });
  descriptions.listen(events);
  const gate = new Gate({ live, createWorker, acceptance: acceptanceOf(projectDir), networkOf: network.of });
  const { healthIntervalMs } = settings;
  const changes = new Changes({ registry, store, overlays: overlayStore, live, gate, events, healthIntervalMs });
  const tidySnapshots = (): Promise<void> =>
    snapshots.tidy(
      [...registry.sources.kinds.all(), ...registry.all().flatMap((entry) => kindOf(entry) ?? [])],
      runtime,
    );
  // Whoever serves holds the directory, and nobody else changes what it serves.
  const assertWritable = (): void => (serve ? undefined : refuseWhereServed(settings.dataDir));
  const address = checkAddress({
    ...settings,
    loopback: settings.loopback || !serve,
    canSignIn: tokens.usable || hasClientCa,
    tls: settings.tls !== undefined,
  });
  if (address.problems.length > 0) throw new HostConfigError(address.problems);
  const access = new Access({
    tokens,
    always: alwaysSignIn,
    policy: loaded.config.access,
    peers: cluster?.peers,
    assertWritable,
  });
  // Where there is none yet, it is made where it would be looked for first.
  const configFile = loaded.file ?? settings.configPath ?? join(projectDir, SEARCH_PLACES[0]);
  const sourceChanges = new SourceChanges({
    changes,
    scanner,
    snapshots,
    onScanned: tidySnapshots,
    drift,
    loaded,
    load,
    learn: (config) => learnVariables(scrubber, config),
    enforce(config) {
      access.setPolicy(config.access);
      events.emit('doorLimits', config.access.limits);
      events.emit('exposure', config.mcp.expose);
    },
    faults: createConfigFaults({
      find: createEntryFaults({
        examine: connectorRuntime.examine,
        filesOf,
        networkOf: network.of,
        resolve: (entry) => secrets.resolve(withWholePaths(entry.config, places.base), entry.profile),
      }),
      closed: places.closed,
    }),
    without: flags.without ?? [],
    parse: (text, name) => readConfig(text, { env, defaults, without: flags.without, file: configFile, name }),
    replaceFile: async (text) => {
      assertWritable();
      await replaceConfigFile(configFile, text, join(settings.dataDir, BEFORE_APPLY_FILE));
    },
    runs: serve,
    log,
    events,
  });
  const registrations = new Registrations({
    registry,
    changes,
    descriptions,
    vault,
    store,
    filesOf,
    networkOf: (entry, kind) => network.of(entry, kind),
    signInRequired,
    assertWritable,
  });
  const profiles = new Profiles({ registry, changes, descriptions, vault, store: profileStore, assertWritable });
  const keptOutcomes = new KeptOutcomes({ outcomes, requireConnector: (id, caller) => registry.get(id, caller) });
  const sealer = sealTexts(masterKeys, 'executions');
  const callbacks = createCallbackPolicy({ network, secrets, config: () => registry.sources.config });
  const executions = new Executions({
    ...callbacks,
    agent: `automate/${identity.version}`,
    warn: (message) => log.warn({}, message),
    store: stores.executions,
    metrics: telemetry.executions,
    sealer,
    outcomes,
    requireConnector: (id, caller) => registry.get(id, caller),
    placesOf: (id) => executionPlaces(registry.find(id)),
    async isIdempotent(id, action) {
      // Another host may have its kind, and this one not; asked first is what can be asked while this host ends.
      const here = async () => descriptions.describe(registry.get(id));
      const { actions } = await here().catch(() => shared.describe(id));
      return actions.some(({ name, idempotent, sideEffects }) => name === action && (idempotent || !sideEffects));
    },
    onFault: tellFault,
  });
  const schedules = new Schedules({
    store: stores.schedules,
    sealer,
    startScheduled: (...args) => executions.startScheduled(...args),
    requireAllowed: callbacks.requireAllowed,
    scopesOf: (name) => access.scopesOf(name),
    mayCall,
    requireConnector: (id, caller) => registry.get(id, caller),
    assertWritable,
    warn: (message) => log.warn({}, message),
    onFault: tellFault,
  });
  const webhooks = new Webhooks({
    find: (id) => registry.find(id),
    takesWebhooks: (entry) => descriptions.find(entry)?.capabilities.webhooks,
    workerOf: (id) => live.target(id).worker,
    outcomes,
    startExecution: (...args) => executions.startExecution(...args),
    publish: (id, delivery, size) => hub.publish({ kind: 'webhook', id, delivery }, size),
    tellHosts: cluster?.tellWebhook,
    isHost: (call) => cluster?.peers.hasPassedOn(call) === true,
    scrub: (text) => secrets.filter.scrubText(text),
    onEnd: (news) => events.emit('webhook', news),
  });
  const doors: DoorStatus[] = [];
  const facts = {
    version: identity.version,
    ...(options.process?.pid === undefined ? {} : { pid: options.process.pid }),
    since: new Date().toISOString(),
    node: hostname(),
    dataDir: basename(settings.dataDir),
  };
  const ownHost = (): HostInfo => ({
    id: makeHostId(settings.dataDir),
    name: facts.node,
    version: facts.version,
    ...(doors[0] === undefined ? {} : { address: doors[0].address }),
    labels: settings.hostLabels,
    since: facts.since,
    lastBeatAt: new Date().toISOString(),
    held: registry.all().filter(({ state }) => state.phase === 'usable').length,
    memoryBytes: options.process?.memoryUsage().rss ?? 0,
    drift: [],
    configDrift: [],
    draining: false,
  });
  const port = new HostConnectorService({
    registry,
    networkOf: (entry, kind) => network.of(entry, kind),
    live,
    health,
    views,
    registrations,
    createWorker,
    descriptions,
    hub,
    execute: createPipeline({
      find: (id, caller) => live.callable(id, caller),
      recorder: telemetry.calls,
      recent: recentCalls,
      log: createCallLog(log, (id) => registry.find(id) !== undefined),
      gates: gatesInOrder({ outcomes, onFault: tellFault, maySend: cluster?.maySend }),
    }),
    outcomes: keptOutcomes,
    secrets: createSecretOperations({
      vault,
      assertWritable,
      uses: () => secretUses(registry),
      onChange: (secret) => {
        for (const id of connectorsWith(registry, secret)) live.renew(id);
      },
    }),
    profiles,
    controls: createControls({ registry, changes, live, assertWritable }),
    logs: tail,
    recentCalls,
    facts: () => ({ ...facts, doors }),
    hosts: () => cluster?.listHosts() ?? [ownHost()],
    async setDrained(isDrained) {
      if (cluster === undefined) return;
      await cluster.cluster.drain(isDrained);
      tellDrained(log, isDrained);
    },
    tokens: access,
    plugins: () => reportHeldBack(scanner.report(), registry),
    rescan: () => sourceChanges.rescan(),
    configs: {
      plan: (text, call) => sourceChanges.planConfig(text, call),
      apply: (text, call) => sourceChanges.applyConfig(text, call),
      export: () => exportConfig({ store, profileStore }),
    },
    audit,
    stats: { getStats: async () => telemetry.stats(), blame: async () => telemetry.blame() },
    executions,
    schedules,
    webhooks,
    onClose: () => stack.close(),
  });
  const shared = cluster === undefined ? port : cluster.passOn(port);
  const records = { audit, refusals, isPassedOn: (caller?: Principal) => cluster?.peers.isPassedOn(caller) === true };
  const service = auditService(shared, records, (inner) =>
    authorise(inner, { unnamed: LOCAL_PRINCIPAL, rules: access }),
  );
  const storedProfiles = await profileStore.load();
  if (lock !== undefined) {
    await sealRegistrations({
      store,
      vault,
      keys: masterKeys,
      kinds: registry.sources.kinds,
      dataDir: settings.dataDir,
      log,
      describe: async (id, kind) => (await descriptions.inspect(id, kind)).description,
    });
  }
  const kept = readProfiles(storedProfiles);
  for (const warning of kept.warnings) log.warn({}, warning);
  const first = await sourceChanges.start({ setProfiles: kept.profiles, overlays: await overlayStore.load() });
  void tidySnapshots();
  if (lock !== undefined) dropLeftBehind({ registry, store, storedProfiles, vault, keptOutcomes, descriptions, log });
  if (serve && stores.follow !== undefined) {
    const changedSecrets = watchSecrets(vault);
    stores.follow(async (parts) => {
      try {
        if (parts.has('executions')) executions.wake();
        if (parts.has('schedules')) schedules.wake();
        if (parts.has('tokens')) await tokens.catchUp();
        if (parts.has('registry'))
          log.info(
            { ...(await catchUp({ changes, profiles: profileStore, overlays: overlayStore })) },
            'took up what another host has changed',
          );
        if (parts.has('secrets'))
          for (const secret of await changedSecrets())
            for (const id of connectorsWith(registry, secret)) live.renew(id);
      } catch (fault) {
        tellFault(fault, 'what another host has changed was taken up');
        throw fault;
      }
    });
  }
  stack.push({ name: 'service', close: () => port.end() });
  timer.mark('registry');

  const listeners = serve
    ? await openListeners({
        service: auditService(shared, records, (inner) => authorise(inner, { rules: access })),
        signIn: access,
        settings,
        log,
        version: identity.version,
        pageDir: HOST_FILES.page,
        stack,
        tls,
        serveLine: cluster && ((...line) => cluster.peers.serveLine(...line)),
        turnedAway: (caller) => events.emit('turnedAway', caller),
        readRefused: (caller) => events.emit('readRefused', caller),
        metrics: (format) => telemetry.metricsText(format),
        exposure: loaded.config.mcp.expose,
        agentRights: {
          mayCall: (principal, id, action) =>
            action === undefined ? mayCallSome(principal, id) : mayCall(principal, id, action),
          mayCallAny,
          maySeeAny,
        },
        unwell: () => runtime.unwell(),
      })
    : undefined;
  // Before the doors: calls under way end in their answers, and what comes meanwhile is told why it is not taken.
  stack.push({ name: 'connectors', close: () => live.closeAll() });
  stack.push({ name: 'changes', close: () => changes.close() });
  const recorded = auditService(shared, records, (inner) => inner);
  executions.open(
    async (request, call) => {
      if (call?.principal !== undefined) access.requireNotRevoked(call.principal);
      return recorded.executeText(request, call);
    },
    { serves: serve },
  );
  events.on('change', () => executions.wake());
  stack.push({ name: 'executions', close: () => executions.close(CLOSE_GRACE_MS) });
  if (serve) schedules.open();
  stack.push({ name: 'schedules', close: () => schedules.close() });
  if (listeners !== undefined) {
    timer.mark('listeners');
    own.places.push(...[listeners.grpcAddress, listeners.httpAddress].flatMap(listeningPlaces));
    if (listeners.socketPath !== undefined) own.sockets.push(listeners.socketPath);
    events.on('abandoned', () => listeners.announce());
    listeners.setLimits(loaded.config.access.limits);
    events.on('doorLimits', (limits) => listeners.setLimits(limits));
    events.on('exposure', (exposure) => listeners.setExposure(exposure));
    const watcher = await watchConfig({
      file: configFile,
      onChange: async () => void (await sourceChanges.reload()),
      onError: (error) => log.error({ err: error }, 'reading the configuration again failed'),
    });
    stack.push({ name: 'configuration watcher', close: () => watcher.close() });
    const installs = watchInstalls({
      projectDir,
      isWanted: () => registry.sources.config.plugins.watch,
      onChange: async () => void (await sourceChanges.rescan()),
      onError: (error) => log.error({ err: error }, 'the packages were changed, and could not be looked at again'),
    });
    stack.push({ name: 'watcher of installations', close: () => installs.close() });
    monitor.start();
    stack.push({ name: 'health', close: () => monitor.close() });
    const { grpcAddress, httpAddress, socketPath } = listeners;
    doors.push({ name: 'grpc', address: grpcAddress }, { name: 'rest', address: httpAddress });
    if (socketPath !== undefined) doors.push({ name: 'socket', address: socketPath });
    lock?.publish({
      grpc: grpcAddress,
      http: httpAddress,
      ...(socketPath === undefined ? {} : { socket: socketPath }),
      ...(facts.pid === undefined ? {} : { process: `process ${facts.pid} on ${facts.node}` }),
    });
    await cluster?.join(settings, listeners.grpcAddress);
    // Of hosts that start together none saw the others before.
    await requireSharedKey(masterKeys, stores, settings);
    audit.noteHost('start', `version ${identity.version}`);
    stack.push({ name: 'audit of the end', close: () => audit.noteHost('stop') });
    listeners.setServing(true);
  }
  const readiness = { name: 'readiness', close: () => listeners?.setServing(false) };
  if (cluster === undefined) stack.push(readiness);
  // First of all, and at once: no door takes what would only be given up.
  stack.push({ name: 'admission', close: () => port.drain() });
  if (cluster !== undefined) {
    // Even before that, as calls that come meanwhile are passed on to those who take what this host holds.
    stack.push({ name: 'what it holds', close: () => cluster.cluster.leave() });
    stack.push(readiness);
  }
  const addresses =
    listeners === undefined
      ? undefined
      : {
          grpcAddress: listeners.grpcAddress,
          httpAddress: listeners.httpAddress,
          ...(listeners.socketPath === undefined ? undefined : { socketPath: listeners.socketPath }),
        };
  const bootReport: BootReport = {
    version: identity.version,
    projectDir,
    ...(loaded.file === undefined ? undefined : { configFile: loaded.file }),
    plugins: scanner.lastReport,
    connectors: await service.list(),
    warnings: [
      ...(loaded.warnings ?? []),
      ...first.warnings,
      ...unaccepted,
      ...(listeners?.warnings ?? []),
      ...address.warnings,
    ],
    ...addresses,
    stages: timer.stages,
  };
  return {
    service,
    registry: {
      register: async (name, adapter, more) => {
        const kind = toRegisteredKind({ ...more, kind: name, adapter });
        await sourceChanges.register(kind);
      },
    },
    report: bootReport,
    logFormat: settings.logFormat,
    ...addresses,
    reload: () => sourceChanges.reload(),
    close: () => stack.close(),
    [Symbol.asyncDispose]: () => stack.close(),
  };
}

/**
 * Everything that is wrong with a file that cannot be used: a host without its contents, which serves nobody and leaves nothing behind,
 * looks at what can be read of it.
 */
async function findEveryFault(
  broken: UnusableConfig,
  {
    open,
    options,
    scrubber,
    settings,
  }: {
    readonly open: OpenStores;
    readonly options: HostOptions;
    readonly scrubber: Scrubber;
    readonly settings: HostSettings;
  },
): Promise<readonly Problem[]> {
  if (broken.rest === undefined) return broken.problems;
  const stack = new CloseStack();
  const { flags = {} } = options;
  const logTo = new Writable({ write: (_chunk, _encoding, done) => done() });
  await using spare = existsSync(join(settings.dataDir, DATABASE_FILE)) ? undefined : await openSpareDataDir();
  const dataDir = spare?.path ?? settings.dataDir;
  try {
    const beside = { ...options, serve: false, logTo, scrubber, flags: { ...flags, dataDir } };
    const { service } = await openHost(open, beside, stack, emptyConfig(flags.without, broken.file));
    const { problems } = await service.planConfig();
    // It may have been mended meanwhile.
    return problems.length > 0 ? problems : broken.problems;
  } catch {
    return broken.problems;
  } finally {
    await stack.close();
  }
}

/** A host that goes on under another key would leave two chains in one, of which none can be verified. */
function requireAuditKeys(audit: AuditLog): void {
  try {
    audit.requireKeys();
  } catch (error) {
    if (!ConnectorError.is(error)) throw error;
    throw new HostConfigError([
      { path: '', expected: 'the master key of the audit', received: 'another', message: error.message },
    ]);
  }
}

/** A host with another master key than those whose store it shares would seal what they cannot read. */
async function requireSharedKey(
  keys: MasterKeys,
  { keysInUse }: Pick<Stores, 'keysInUse'>,
  { dataDir }: Pick<HostSettings, 'dataDir'>,
): Promise<void> {
  if (keysInUse === undefined) return;
  const message = findForeignKey(keys, await keysInUse(), makeHostId(dataDir));
  if (message !== undefined)
    throw new HostConfigError([{ path: '', expected: 'the master key of all hosts', received: 'another', message }]);
  // So that the others hear which one it is.
  keys.current();
}

/** A host that cannot read its keys would find that out one connector after the other. */
function requireReadable(keys: MasterKeys): void {
  try {
    keys.all();
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    throw new HostConfigError([
      { path: '', expected: 'a master key', received: 'none that can be used', message: error.message },
    ]);
  }
}
