import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { formatBootReport } from '../boot-report.ts';
import { diagnose } from '../compose/doctor.ts';
import { writeDefaultConfig } from '../config/default-config.ts';
import { createHost } from '../create-host.ts';
import { readHostSettings } from '../host-settings.ts';
import { findProjectRoot } from '../identity.ts';
import { openLocalService } from '../open-local-service.ts';
import { findRunningHost } from '../store/data-dir.ts';
import { buildProgram } from './build-program.ts';
import type { CliContext, GlobalOptions, StartOptions } from './cli-context.ts';
import { EXIT } from './cli-context.ts';
import { reportFailure } from './describe-error.ts';
import { withProgress } from './with-progress.ts';

/** Runs the command line of this process and sets its exit code. */
export async function run(): Promise<void> {
  const interrupted = new AbortController();
  const context = createContext(interrupted.signal);
  const program = buildProgram(context);
  // A first interrupt lets the command end by itself; `start` replaces these.
  process.once('SIGINT', () => interrupted.abort());
  try {
    await program.parseAsync(process.argv);
  } catch (reason) {
    if (isUsageError(reason)) process.exitCode = reason.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else process.exitCode = reportFailure(context, reason, process.argv.includes('--json'));
  }
}

function createContext(interrupted: AbortSignal): CliContext {
  const out = (line: string): void => void process.stdout.write(`${line}\n`);
  const err = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    out,
    err,
    style: (format, words) => styleText(format, words, { stream: process.stdout }),
    readInput: () => text(process.stdin),
    readFile: (path) => readFile(path, 'utf8'),
    interrupted,
    async withService(options, doing, work) {
      await using service = await openService(options);
      return await withProgress({ doing, stream: process.stderr, work: () => work(service) });
    },
    serve,
    writeDefaultConfig: async (options) => writeDefaultConfig(await projectOf(options)),
    diagnose: async (options) =>
      diagnose({
        projectDir: await projectOf(options),
        env: process.env,
        flags: flagsOf(options),
        nodeVersion: process.versions.node,
      }),
  };
}

function projectOf(options: GlobalOptions): Promise<string> {
  return findProjectRoot(resolve(options.project ?? process.cwd()));
}

function flagsOf(options: GlobalOptions): { config?: string; dataDir?: string } {
  // Paths on the command line are relative to where the user stands, those of the environment to the project.
  return {
    ...(options.config === undefined ? undefined : { config: resolve(options.config) }),
    ...(options.dataDir === undefined ? undefined : { dataDir: resolve(options.dataDir) }),
  };
}

/** The named service; else the host that runs on this data directory; else a service in this process. */
async function openService(options: GlobalOptions): Promise<ConnectorService> {
  const address = options.address ?? process.env['CONNECTORS_SERVICE_ADDR'];
  if (address !== undefined && address !== '') return connect({ address });
  const projectDir = await projectOf(options);
  const flags = { ...flagsOf(options), logLevel: process.env['LOG_LEVEL'] ?? 'warn' };
  const { dataDir } = readHostSettings({ flags, env: process.env, projectDir, terminal: false });
  const running = findRunningHost(dataDir);
  if (running !== undefined) return connect({ address: running.grpc });
  return openLocalService({ cwd: projectDir, env: process.env, flags, logTo: process.stderr });
}

async function serve(options: GlobalOptions & StartOptions): Promise<void> {
  const cwd = await projectOf(options);
  const { grpcPort, httpPort, bindAddress, healthInterval, logLevel, logFormat, otlpEndpoint } = options;
  const flags = { ...flagsOf(options), grpcPort, httpPort, bindAddress, healthInterval, logLevel, logFormat, otlpEndpoint };
  const host = await createHost({ cwd, env: process.env, flags, logTo: process.stdout, process });
  if (host.logFormat === 'pretty') process.stdout.write(formatBootReport(host.report));
  else process.stdout.write(`${JSON.stringify(readyRecord(host.report))}\n`);

  process.on('SIGHUP', () => void host.reload().catch((error: unknown) => process.stderr.write(`reload failed: ${String(error)}\n`)));
  // A no-op listener: without one, this signal would open the debugger to every process of the same user.
  process.on('SIGUSR1', () => undefined);
  await stopSignal();
  await host.close();
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  process.removeAllListeners('SIGINT');
  return new Promise((done) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(EXIT.failed);
      asked = true;
      done();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function readyRecord(report: Parameters<typeof formatBootReport>[0]): Record<string, unknown> {
  return {
    level: 'info',
    time: new Date().toISOString(),
    event: 'ready',
    version: report.version,
    project: report.projectDir,
    config: report.configFile ?? null,
    grpc: report.grpcAddress,
    http: report.httpAddress,
    plugins: report.plugins.plugins.map(({ package: name, version, status, kinds, message }) => ({ package: name, version, status, kinds, message })),
    connectors: report.connectors.map(({ id, kind, status, lastError }) => ({ id, kind, status, last_error: lastError })),
    warnings: report.warnings,
    stages: Object.fromEntries(report.stages.map(({ name, durationMs }) => [name, durationMs])),
  };
}

function isUsageError(reason: unknown): reason is { readonly exitCode: number } {
  return reason instanceof Error && reason.name === 'CommanderError';
}
