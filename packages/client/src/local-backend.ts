import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UnavailableError } from '@automate/contract';
import type { ConnectorService } from '@automate/contract';
import type { ConnectOptions } from './connect-options.ts';

/** What the client needs of the host: the host's types would make a cycle, since its command line uses the client. */
interface HostModule {
  openLocalService(options: HostPlace): Promise<ConnectorService>;
  locateHost(options: HostPlace): Promise<FoundHost | undefined>;
}

/** A host that serves a data directory. */
interface FoundHost {
  readonly address: string;
  /** Which it is, for people. A host of an earlier version does not say. */
  readonly who?: string;
}

interface HostPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: { readonly config?: string };
}

/** The host that is installed for a project. */
export interface InstalledHost {
  /** The host that serves the project's data directory; undefined where none does. */
  locate(): Promise<FoundHost | undefined>;
  /** The port in process: the host without listeners. */
  open(): Promise<ConnectorService>;
}

/** Computed, so that compilers and bundlers leave the host out: it is there only where connectors run in process. */
const HOST = ['@automate', 'host'].join('/');

/** Loads the host, the one beside this package or that of the caller's project. Fails with UNAVAILABLE when it is not installed. */
export async function loadHost(options: ConnectOptions): Promise<InstalledHost> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const host = await importHost(cwd);
  const place: HostPlace = {
    cwd,
    env: options.env ?? process.env,
    ...(options.configPath === undefined ? {} : { flags: { config: resolve(cwd, options.configPath) } }),
  };
  return { locate: () => host.locateHost(place), open: () => host.openLocalService(place) };
}

async function importHost(cwd: string): Promise<HostModule> {
  try {
    return (await import(HOST)) as HostModule;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const path = findFrom(cwd);
  if (path === undefined) throw explainMissing(cwd);
  return (await import(pathToFileURL(path).href)) as HostModule;
}

function findFrom(cwd: string): string | undefined {
  try {
    return createRequire(join(cwd, 'package.json')).resolve(HOST);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True when the host itself is not there, false when something that it needs is not. */
function isMissing(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing && String(message).includes(`'${HOST}'`);
}

/** Of the package manager whose lockfile is nearest; that of npm, which comes with Node.js, where there is none. */
function addCommand(cwd: string): string {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    if (existsSync(join(at, 'pnpm-lock.yaml'))) return 'pnpm add';
    if (existsSync(join(at, 'yarn.lock'))) return 'yarn add';
    if (existsSync(join(at, 'package-lock.json')) || at === dirname(at)) return 'npm install';
  }
}

function explainMissing(cwd: string): UnavailableError {
  return new UnavailableError(
    `connectors cannot run in this process: ${HOST} is not installed (looked beside @automate/client and from ${cwd}). ` +
      `Add it with "${addCommand(cwd)} ${HOST}", or set CONNECTORS_SERVICE_ADDR to the address of a running service`,
    { retryable: false, details: { reason: 'host_missing' } },
  );
}
