// Long, as it is the one file that knows the process, and hands it to all commands.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inspect, styleText } from 'node:util';
import type { ConnectorService } from '@automate/contract';
import { openFound } from '@automate/contract/service';
import { formatBootReport } from '../boot-report.ts';
import { findConfig } from '../config/find-config.ts';
import { requireNoConfig, writeDefaultConfig, writeSchemaText } from '../config/default-config.ts';
import { parseProfileText, parseRegistrationText } from '../config/parse-registered.ts';
import type { HostOptions } from '../create-host.ts';
import type { Host } from '../host.ts';
import { findProjectRoot, HOST_FILES, readIdentity } from '../identity.ts';
import { readHostSettings, readStoreUrl } from '../host-settings.ts';
import type { LocalServiceOptions } from '../open-local-service.ts';
import type { MasterKeys } from '../secrets/master-key.ts';
import { openMasterKeys } from '../secrets/master-key.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import { createScrubber } from '../secrets/scrubber.ts';
import { openDataDir } from '../store/data-dir.ts';
import { hostIdOf } from '../store/host-id.ts';
import type { LocatedHost } from '../store/locate-host.ts';
import { describeNoHost, locateHost, lookForHost } from '../store/locate-host.ts';
import type { StorePlace } from '../store/open-stores.ts';
import { buildProgram } from './build-program.ts';
import type { CliContext, FoundHost, GlobalOptions, StartOptions } from './cli-context.ts';
import { CliExit, EXIT } from './cli-context.ts';
import { reportFailure } from './describe-error.ts';
import { endAfterFault } from './end-after-fault.ts';
import { endDescendants, endNow, haveEnded, watchThreads } from './end-process.ts';
import { confirm } from './confirm.ts';
import { formatTable } from './format-table.ts';
import type { InstalledKinds } from './plugins/installed-kinds.ts';
import type { PluginMachine } from './plugins/plugin-machine.ts';
import { openScreen } from './top/open-screen.ts';
import { readHidden } from './read-hidden.ts';
import { readyRecord } from './ready-record.ts';
import { withProgress } from './with-progress.ts';
import { writeWhole } from './write-whole.ts';

/** How long the process may live on after everything was closed, in milliseconds, should something hold it. */
const EXIT_LINGER_MS = 1_000;

/** How long a host may take to end once it was told to, in milliseconds: more than its steps are allowed in all. */
const STOP_MS = 25_000;

/** A signal that comes again within so many milliseconds is an echo of the first. */
const ECHO_MS = 500;

/** What a terminal and a supervisor say to a process that is to end. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs the command line of this process and sets its exit code. */
export async function run(): Promise<void> {
  const unread = new AbortController();
  process.stdout.on('error', reportBrokenOutput(unread));
  process.stderr.on('error', () => undefined);
  for (const output of [process.stdout, process.stderr]) writeWhole(output);
  const scrubber = createScrubber();
  // A report that Node writes of this process may be shown to others.
  process.report.excludeEnv = true;
  const threads = watchThreads(process);
  // Node waits for unreferenced threads when it exits. The event loop runs on until they have ended, so that what they began is finished.
  process.on('beforeExit', () => void (threads.size > 0 && setTimeout(() => undefined, 20)));
  process.on('uncaughtException', (error) => {
    process.stderr.write(`fatal: ${scrubber.scrubString(inspect(error))}\n`);
    endNow(process, EXIT.failed);
  });
  const interrupted = new AbortController();
  const notes = new Set<string>();
  const context = createContext({ interrupted: interrupted.signal, unread: unread.signal, scrubber, notes });
  const { version } = readIdentity();
  const json = process.argv.includes('--json');
  const program = buildProgram(context, version, { json });
  // A first signal lets the command end by itself and undo what it can, a second one ends the process; `start` has its own.
  for (const signal of STOP_SIGNALS) process.once(signal, () => interrupted.abort());
  try {
    await program.parseAsync(process.argv);
    for (const note of notes) context.err(`note: ${note}`);
  } catch (reason) {
    process.exitCode = reportFailure(context, reason, { json, notes: [...notes] });
  }
  if (await haveEnded(threads, EXIT_LINGER_MS)) {
    // Programs that connectors started in a thread would be left without anyone.
    endDescendants(process);
    return;
  }
  process.stderr.write(
    `warning: ${threads.size} of the connectors' threads are blocked outside JavaScript and were cut off\n`,
  );
  endNow(process, Number(process.exitCode ?? EXIT.ok));
}

/** A table as wide as the terminal lets it be; where standard output is none, as wide as it is. */
function formatForOutput(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = terminalColumns();
  return formatTable(header, rows, { heading: (text) => styleText('bold', text, { stream: process.stdout }), columns });
}

/** A terminal that does not say how wide it is says 0. */
function terminalColumns(): number | undefined {
  const { columns } = process.stdout as { readonly columns?: number };
  return columns === 0 ? undefined : columns;
}

/** A reader that has seen enough, as `| head -1`, is no failure; a full disk is. */
function reportBrokenOutput(unread: AbortController): (error: NodeJS.ErrnoException) => void {
  let told = false;
  return (error) => {
    unread.abort();
    if (error.code === 'EPIPE' || told) return;
    told = true;
    process.stderr.write(`error: standard output cannot be written: ${error.message}\n`);
    process.exitCode = EXIT.failed;
  };
}

interface Surroundings {
  readonly interrupted: AbortSignal;
  readonly unread: AbortSignal;
  readonly scrubber: Scrubber;
  /** What the user has to know of the answer besides, as it becomes known. */
  readonly notes: Set<string>;
}

function createContext({ interrupted, unread, scrubber, notes }: Surroundings): CliContext {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    style: (format, words) => styleText(format, words, { stream: process.stdout }),
    styleError: (format, words) => styleText(format, words, { stream: process.stderr }),
    table: formatForOutput,
    columns: terminalColumns(),
    unread,
    hasScreen: process.stdout.isTTY && process.stdin.isTTY,
    openScreen: (listeners) => openScreen({ input: process.stdin, output: process.stdout, ...listeners }),
    readInput: () => buffer(process.stdin),
    readHidden: async (question) =>
      process.stdin.isTTY ? readHidden(question, process.stdin, process.stderr) : undefined,
    rotateKeys: (options) => rotateKeys(options),
    openCopy: (options) => writeOpenedCopy(options),
    parseRegistration: parseRegistrationText,
    parseProfile: parseProfileText,
    readFile: (path) => readFile(path),
    writeFile: (path, text) => writeFile(path, text),
    async withService(options, doing, work) {
      await using service = await openService(options, { scrubber, notes });
      const run = (): ReturnType<typeof work> => work(service, { signal: interrupted });
      return await (doing === undefined ? run() : withProgress({ doing, stream: process.stderr, work: run }));
    },
    askRunning: async (options, withinMs, work) => {
      try {
        const address = givenAddress(options) ?? (await lookFor(options)).running?.address;
        if (address === undefined) return undefined;
        await using service = await connectTo({ address, connectTimeoutMs: withinMs });
        return await work(service, { timeoutMs: withinMs });
      } catch {
        return undefined;
      }
    },
    findHost,
    serve: (options) => startHost(options, scrubber),
    writeDefaultConfig: async (options) => {
      const projectDir = await projectOf(options);
      await requireNoConfig(projectDir);
      const { kinds, left } = await installedKinds(options);
      return { file: await writeDefaultConfig(projectDir, kinds), left };
    },
    writeSchema: async (options) => {
      const { kinds, left } = await installedKinds(options);
      return { text: writeSchemaText(kinds), kinds: kinds.map(({ kind }) => kind), left };
    },
    moveStore: (options) => moveKept(options),
    diagnose: async (options) => {
      const address = givenAddress(options);
      const examined = {
        projectDir: await projectOf(options),
        env: process.env,
        flags: flagsOf(options),
        nodeVersion: process.versions.node,
        address,
        connect: (running: string) => connectTo({ address: running }),
        openLocal: openLocalService,
      };
      // Loaded when it is needed: a host that serves examines nothing.
      const { diagnose } = await import('./doctor/diagnose.ts');
      return withProgress({ doing: 'examining', stream: process.stderr, work: () => diagnose(examined) });
    },
    verifyAuditFile: async (options, { file, expected }) => {
      // Loaded when it is needed, as few ask.
      const { verifyAudit } = await import('../records/verify-audit.ts');
      const { auditKeysOf } = await import('../records/open-audit.ts');
      const { keys } = await openKeys(options);
      return withProgress({
        doing: 'verifying the audit',
        stream: process.stderr,
        work: () => verifyAudit(resolve(file), auditKeysOf(keys.all()).keys, expected),
      });
    },
    changePlugins: async (options, request, tell) => {
      const { changePlugins } = await import('./plugins/change-plugins.ts');
      return changePlugins(request, await pluginMachine(options, interrupted, tell));
    },
    bisect: async (options, connector, tell) => {
      const { bisect } = await import('./bisect/bisect.ts');
      const { config } = flagsOf(options);
      return bisect(connector, {
        plugins: await pluginMachine(options, interrupted, tell),
        trial: {
          automate: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
          args: config === undefined ? [] : ['--config', config],
          connect: connectTo,
        },
      });
    },
    diffPlugins: async (options) => {
      const { diffPlugins } = await import('./plugins/diff-plugins.ts');
      return withProgress({
        doing: 'comparing',
        stream: process.stderr,
        work: async () => diffPlugins(await pluginMachine(options, interrupted, () => undefined)),
      });
    },
    signPlugins: async (options, what) => {
      const { signPlugins } = await import('./plugins/sign-plugins.ts');
      return signPlugins(what, await pluginMachine(options, interrupted, () => undefined));
    },
    verifyPlugins: async (options, names) => {
      const { verifyPlugins } = await import('./plugins/sign-plugins.ts');
      return verifyPlugins(names, await pluginMachine(options, interrupted, () => undefined));
    },
    async runDev({ config }, directory) {
      const { runDev } = await import('./dev/run-dev.ts');
      // The package's own, for its author; it is not published.
      const own = (await findConfig(resolve(directory))).file;
      await runDev(this, {
        directory: resolve(directory),
        openHost: ({ root, dataDir }) =>
          createHost({
            cwd: root,
            env: process.env,
            flags: {
              dataDir,
              grpcPort: 0,
              httpPort: 0,
              bindAddress: '127.0.0.1',
              logLevel: process.env['LOG_LEVEL'] || 'info',
              config: config === undefined ? (own ?? resolve(root, 'connectors.yaml')) : resolve(config),
            },
            logTo: process.stderr,
            process,
            scrubber,
          }),
        execPath: process.execPath,
        env: process.env,
        input: process.stdin,
        output: process.stdout,
        signal: interrupted,
      });
    },
    runAgent: async (options) => {
      await using service = await openService(options, { scrubber, notes });
      const tell = (line: string): void => void process.stderr.write(`${scrubber.scrubString(line)}\n`);
      // Who reads along must not have to wait for the end.
      for (const note of notes) tell(note);
      notes.clear();
      const { runAgent } = await import('./agent/run-agent.ts');
      const directory = givenAddress(options) === undefined ? await projectOf(options) : undefined;
      const { env } = process;
      await runAgent(options, {
        service,
        ...(directory === undefined
          ? {}
          : { project: { directory, configPath: flagsOf(options).config ?? (env['CONFIG_PATH'] || undefined) } }),
        env,
        version: readIdentity().version,
        input: process.stdin,
        output: process.stdout,
        tell,
        signal: interrupted,
      });
    },
    runConformance: async (options) => {
      const { tellConformance } = await import('./conformance/tell-conformance.ts');
      const machine = { ...(await trialMachine(options, interrupted)), createHost };
      return whileTrying(() => tellConformance({ ...options, json: options.json === true }, machine));
    },
    learnPermissions: async (options) => {
      const { learnPermissions } = await import('./permissions/learn-permissions.ts');
      const machine = await trialMachine(options, interrupted);
      return whileTrying(() => learnPermissions({ ...options, json: options.json === true }, machine));
    },
    runIsolation: async (options) => {
      const { tellIsolation } = await import('./isolation/tell-isolation.ts');
      const machine = {
        files: HOST_FILES,
        connect: connectTo,
        execPath: process.execPath,
        env: process.env,
        kill: process.kill.bind(process),
        signal: interrupted,
        formatTable: formatForOutput,
      };
      return withProgress({
        doing: 'misbehaving',
        stream: process.stderr,
        work: () => tellIsolation(options, machine),
      });
    },
  };
}

/** What commands need that try a package of the project. */
async function trialMachine(options: GlobalOptions, signal: AbortSignal) {
  return {
    projectDir: await projectOf(options),
    hostDir: HOST_FILES.directory,
    formatTable: formatForOutput,
    env: process.env,
    signal,
  };
}

function whileTrying<T>(work: () => Promise<T>): Promise<T> {
  return withProgress({ doing: 'trying', stream: process.stderr, work });
}

/** Of the project itself, whatever service the commands use otherwise. */
async function installedKinds(options: GlobalOptions): Promise<InstalledKinds> {
  const projectDir = await projectOf(options);
  const { env } = process;
  const settings = readHostSettings({ flags: flagsOf(options), env, projectDir, terminal: false });
  const machine = { projectDir, env, settings, hostVersion: readIdentity().version };
  const { readInstalledKinds } = await import('./plugins/installed-kinds.ts');
  return withProgress({
    doing: 'describing kinds',
    stream: process.stderr,
    work: () => readInstalledKinds(machine),
  });
}

async function pluginMachine(
  options: GlobalOptions,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<PluginMachine> {
  if (givenAddress(options) !== undefined)
    throw new CliExit(
      EXIT.usage,
      'packages are changed in the project itself: say it where that is, without --address and CONNECTORS_SERVICE_ADDR',
    );
  const projectDir = await projectOf(options);
  const flags = flagsOf(options);
  const { env } = process;
  return {
    projectDir,
    cwd: process.cwd(),
    env,
    signal,
    tell,
    during: (doing, work) => withProgress({ doing, stream: process.stderr, work }),
    settings: readHostSettings({ flags, env, projectDir, terminal: false }),
    hostVersion: readIdentity().version,
    pid: process.pid,
    isAlive,
    confirm: (question) => confirm(question, process.stdin, process.stderr),
    openRunning: async () => {
      const running = await locateHost({ cwd: projectDir, env, flags });
      return running === undefined ? undefined : connectToFound(running);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** On the data directory itself: a host that runs on it reads its keys anew whenever it needs them. */
async function rotateKeys(options: GlobalOptions): ReturnType<CliContext['rotateKeys']> {
  if (givenAddress(options) !== undefined)
    throw new CliExit(
      EXIT.usage,
      'rotate-keys works on the data directory itself: run it where that is, without --address and CONNECTORS_SERVICE_ADDR',
    );
  const { openSecretVault } = await import('../secrets/secret-vault.ts');
  const { openStores } = await import('../store/open-stores.ts');
  const { keys, ...place } = await openKeys(options);
  openDataDir(place.dataDir);
  await using stores = await openStores(place);
  if (stores.keysInUse !== undefined) {
    const { requireKnownToAll } = await import('../secrets/shared-keys.ts');
    requireKnownToAll(keys, await stores.keysInUse(), hostIdOf(place.dataDir));
  }
  return { ...(await openSecretVault(stores.secrets, keys).rotate()), file: keys.file };
}

/** Without a host, on the stores themselves. */
async function moveKept(options: Parameters<CliContext['moveStore']>[0]): ReturnType<CliContext['moveStore']> {
  const { moveStore } = await import('./store/move-store.ts');
  const { MoveRefused } = await import('./store/move-refused.ts');
  const { HalfMovedError } = await import('../store/half-moved.ts');
  const projectDir = await projectOf(options);
  const { dataDir, storeUrl } = readHostSettings({
    flags: flagsOf(options),
    env: process.env,
    projectDir,
    terminal: false,
  });
  const placeOf = (given: string, what: string): Parameters<typeof moveStore>[0] => {
    if (given === 'STORE_URL') {
      if (storeUrl !== undefined) return { storeUrl };
      throw new CliExit(EXIT.usage, `${what}: the variable STORE_URL names no database`);
    }
    if (!given.includes('://')) return { dataDir: resolve(given) };
    const read = readStoreUrl(given, process.env['PGPASSWORD']);
    if (read === undefined)
      throw new CliExit(EXIT.usage, `${what}: expected a URL such as postgres://user@host:5432/database`);
    if (/:[^/@]*@|[?&]password=/.test(given))
      throw new CliExit(
        EXIT.usage,
        `${what}: the password is no argument, where other users of the machine could see it: leave it out and set PGPASSWORD, or name the variable, ${what} STORE_URL`,
      );
    return { storeUrl: read };
  };
  const from = placeOf(options.from ?? dataDir, '--from');
  const to = placeOf(options.to ?? 'STORE_URL', '--to');
  return withProgress({
    doing: 'copying what hosts keep',
    stream: process.stderr,
    work: () =>
      moveStore(from, to).catch((error: unknown) => {
        throw error instanceof MoveRefused || error instanceof HalfMovedError
          ? new CliExit(EXIT.failed, error.message)
          : error;
      }),
  });
}

async function writeOpenedCopy(options: Parameters<CliContext['openCopy']>[0]): Promise<void> {
  const { openCopy } = await import('../secrets/sealed-copy.ts');
  const { keys } = await openKeys(options);
  const database = openCopy(await readFile(options.from, 'utf8'), keys.all());
  await writeFile(options.to, database, { mode: 0o600, flag: 'wx' });
}

/** Where a host of this project would keep things, and its keys, of which nothing is read or made yet. */
async function openKeys(options: GlobalOptions): Promise<StorePlace & { readonly keys: MasterKeys }> {
  const projectDir = await projectOf(options);
  const settings = readHostSettings({ flags: flagsOf(options), env: process.env, projectDir, terminal: false });
  const { dataDir, storeUrl, masterKeyFile: keyFile } = settings;
  return { dataDir, ...(storeUrl === undefined ? {} : { storeUrl }), keys: openMasterKeys({ dataDir, keyFile }) };
}

async function projectOf({ project }: GlobalOptions): Promise<string> {
  if (project === undefined) return findProjectRoot(process.cwd());
  const directory = resolve(project);
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new CliExit(EXIT.usage, `--project: ${directory} is not a directory`);
  return findProjectRoot(directory);
}

function flagsOf(options: GlobalOptions): { config?: string; dataDir?: string } {
  // Paths on the command line are relative to where the user stands, those of the environment to the project.
  return {
    config: options.config === undefined ? undefined : resolve(options.config),
    dataDir: options.dataDir === undefined ? undefined : resolve(options.dataDir),
  };
}

function givenAddress(options: GlobalOptions): string | undefined {
  return options.address ?? (process.env['CONNECTORS_SERVICE_ADDR'] || undefined);
}

/** The named service; else the host that runs on this data directory; else a service in this process. */
async function openService(
  options: GlobalOptions,
  { scrubber, notes }: Pick<Surroundings, 'scrubber' | 'notes'>,
): Promise<ConnectorService> {
  const address = givenAddress(options);
  if (address !== undefined) return connectTo({ address });
  const projectDir = await projectOf(options);
  const flags = { ...flagsOf(options), logLevel: process.env['LOG_LEVEL'] || 'warn' };
  const found = await lookFor(options);
  if (found.running !== undefined) return connectToFound(found.running);
  notes.add(
    `${describeNoHost(found)}: worked in process, with the variables and secrets of this shell; nothing is checked in the background`,
  );
  return openLocalService({ cwd: projectDir, env: process.env, flags, logTo: process.stderr, scrubber });
}

async function lookFor(options: GlobalOptions): ReturnType<typeof lookForHost> {
  return lookForHost({ cwd: await projectOf(options), env: process.env, flags: flagsOf(options) });
}

async function findHost(options: GlobalOptions): Promise<FoundHost | undefined> {
  if (givenAddress(options) !== undefined) return undefined;
  const found = await lookFor(options);
  const { dataDir, running, held, killed } = found;
  const state = running !== undefined ? 'running' : held ? 'starting_or_ending' : killed ? 'killed' : 'stopped';
  return { dataDir, state, why: describeNoHost(found) };
}

async function startHost(options: GlobalOptions & StartOptions, scrubber: Scrubber): Promise<void> {
  const cwd = await projectOf(options);
  const { json, grpcPort, httpPort, bindAddress, advertise, healthInterval, logLevel, otlpEndpoint, frozen, without } =
    options;
  const logFormat = options.logFormat ?? (json === true ? 'json' : undefined);
  const flags = {
    ...flagsOf(options),
    grpcPort,
    httpPort,
    bindAddress,
    advertise,
    healthInterval,
    logLevel,
    logFormat,
    otlpEndpoint,
    frozen,
    without,
  };
  // The signals are listened to before the start: a host that is still starting can be stopped, too.
  const stopped = stopSignal();
  // So is the wish for a reload, which would end the process by default; a start that has read the file already does it when it is done.
  let isAsked = false;
  let reload = (): void => void (isAsked = true);
  process.on('SIGHUP', () => reload());
  const host = await createHost({ cwd, env: process.env, flags, logTo: process.stdout, process, scrubber });
  process
    .removeAllListeners('uncaughtException')
    .on('uncaughtException', endAfterFault(process, { host, scrub: (text) => scrubber.scrubString(text) }));
  const style: CliContext['style'] = (format, words) => styleText(format, words, { stream: process.stdout });
  if (host.logFormat === 'pretty') process.stdout.write(formatBootReport(host.report, style));
  else process.stdout.write(`${JSON.stringify(readyRecord(host.report, new Date()))}\n`);

  reload = () =>
    void host
      .reload()
      .catch((error: unknown) => process.stderr.write(`reload failed: ${scrubber.scrubString(String(error))}\n`));
  if (isAsked) reload();
  await stopped;
  await host.close();
  // Nothing should keep the process alive now. If something does, a host that was told to stop still ends.
  setTimeout(() => process.exit(), 2 * EXIT_LINGER_MS).unref();
}

/**
 * Resolves at the first signal to stop; a second one ends the process at once. What comes right after the first is the same wish once more:
 * a terminal or a supervisor tells every process of a group, and parents such as npm pass it on as well.
 */
function stopSignal(): Promise<void> {
  for (const signal of STOP_SIGNALS) process.removeAllListeners(signal);
  return new Promise((done) => {
    let askedAt: number | undefined;
    const stop = (): void => {
      if (askedAt !== undefined && performance.now() - askedAt > ECHO_MS) endNow(process, EXIT.failed);
      if (askedAt === undefined) setTimeout(() => endNow(process, EXIT.failed), STOP_MS).unref();
      askedAt ??= performance.now();
      done();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
  });
}

function connectToFound({ address, who }: LocatedHost): Promise<ConnectorService> {
  return openFound(who, connectTo({ address }));
}

/** Loaded when it is needed: most commands ask a host that runs, for which all of its code would be read in vain. */
async function createHost(options: HostOptions): Promise<Host> {
  const loaded = await import('../create-host.ts');
  return loaded.createHost(options);
}

async function openLocalService(options: LocalServiceOptions): Promise<ConnectorService> {
  const loaded = await import('../open-local-service.ts');
  return loaded.openLocalService(options);
}

/** Loaded when it is needed: a host that serves calls no other. */
async function connectTo(options: {
  readonly address: string;
  readonly connectTimeoutMs?: number;
}): Promise<ConnectorService> {
  const { connect } = await import('@automate/client');
  return connect(options);
}
