import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type {
  ConfiguredLevel,
  ConnectorConfigInput,
  ConnectorDescription,
  ConnectorService,
  ExecuteResult,
  HealthReport,
  JsonObject,
  PluginEntry,
} from '@automate/contract';
import { PluginSandbox } from './plugin-sandbox.ts';

/** What is needed of the host: a static import would close a circle, as the host's own tests use this package. */
interface HostModule {
  createHost(options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly serve: false;
    readonly logTo: Writable;
    readonly flags: { readonly logFormat: 'json'; readonly logLevel: 'trace' };
  }): Promise<AsyncDisposable & { readonly service: ConnectorService }>;
}

export interface RunInWorkerOptions {
  /** Which kind of the package. */
  readonly kind: string;
  /** Default `thread`. */
  readonly isolation?: ConfiguredLevel;
  /** Configuration of the connector, whose id is `test`. */
  readonly config?: Partial<Omit<ConnectorConfigInput, 'id' | 'kind' | 'isolation'>>;
  /** What the kind is granted at `restricted`, as `plugins.grants` has it. Default: nothing. */
  readonly grants?: JsonObject;
  /** The host to run it. Default: the installed `@automate/host`, beside this package or in the working directory's project. */
  readonly createHost?: HostModule['createHost'];
}

/** A connector in a worker of a real host. */
export interface RunningConnector extends AsyncDisposable {
  /** What the host found of its package. */
  readonly plugin: PluginEntry | undefined;
  describe(): Promise<ConnectorDescription>;
  /** Runs an action as callers of the host do: with limits, retries and masked secrets. */
  call(action: string, payload?: JsonObject, options?: { readonly signal?: AbortSignal }): Promise<ExecuteResult>;
  health(): Promise<HealthReport>;
  /** What the host has logged so far, as lines of JSON. */
  readonly log: string;
  /** Ends worker and host. */
  close(): Promise<void>;
}

/**
 * Runs a kind of a built package in a host of its own, at a level of isolation: what a test learns here, users of the
 * connector will. Nothing of the project that the tests belong to is touched.
 *
 * ```ts
 * await using connector = await runInWorker(new URL('..', import.meta.url), { kind: 'my_service', isolation: 'process' });
 * ```
 *
 * @throws Error where no host is installed, and ConnectorError where the configuration is refused
 */
export async function runInWorker(directory: URL | string, options: RunInWorkerOptions): Promise<RunningConnector> {
  const { kind, isolation = 'thread', config = {}, grants } = options;
  const packageDir = realpathSync(directory instanceof URL ? fileURLToPath(directory) : resolve(directory));
  const createHost = options.createHost ?? (await findHost()).createHost;
  const { name } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { readonly name: string };
  const sandbox = await PluginSandbox.create({ packageJson: { dependencies: { [name]: '*' } } });
  const log: string[] = [];
  try {
    await sandbox.linkPackage(name, packageDir);
    const plugins = { scan: 'all', ...(grants === undefined ? {} : { grants: { [name]: grants } }) };
    await sandbox.writeFile('config/connectors.yaml', JSON.stringify({ plugins }));
    const logTo = new Writable({
      write(chunk, _encoding, done) {
        log.push(String(chunk));
        done();
      },
    });
    const flags = { logFormat: 'json', logLevel: 'trace' } as const;
    const host = await createHost({ cwd: sandbox.root, env: {}, serve: false, logTo, flags });
    const { service } = host;
    const close = async (): Promise<void> => {
      await host[Symbol.asyncDispose]();
      await sandbox.dispose();
    };
    try {
      const { plugins: found } = await service.plugins();
      await service.register({ enabled: true, ...config, id: 'test', kind, isolation });
      return {
        plugin: found.find((each) => each.package === name),
        describe: () => service.describe('test'),
        call: (action, payload = {}, callOptions = {}) => service.execute({ id: 'test', action, payload }, callOptions),
        health: () => service.healthCheck('test'),
        get log() {
          return log.join('');
        },
        close,
        [Symbol.asyncDispose]: close,
      };
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    await sandbox.dispose();
    throw error;
  }
}

/** Computed, so that compilers leave the host out: it is there only where connectors run. */
const HOST = ['@automate', 'host'].join('/');

async function findHost(): Promise<HostModule> {
  for (const from of [import.meta.filename, join(process.cwd(), 'package.json')]) {
    try {
      return (await import(pathToFileURL(createRequire(from).resolve(HOST)).href)) as HostModule;
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`runInWorker needs a host: install ${HOST} as a development dependency`);
}
