import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IsolationLevel, JsonObject } from '@automate/contract';
import type { Fault } from './faults.ts';

export const CANARY = 'canary-5f1d0c9ab2';

/** A throw-away project whose connectors misbehave, and what they may try to reach. */
export interface Project extends AsyncDisposable {
  readonly root: string;
  /** What the actions are told: who the host is comes with each call. */
  readonly targets: JsonObject;
}

/**
 * @param faults each becomes a connector of its name
 * @param sources the directory of the files that misbehave
 */
export async function createProject(
  faults: readonly Fault[],
  level: IsolationLevel,
  sources: string,
): Promise<Project> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'automate-isolation-')));
  const misbehaving = await addPackage(root, 'misbehaving', join(sources, 'misbehaving-adapter.mjs'));
  const beside = await addPackage(root, 'beside', join(sources, 'beside-adapter.mjs'));
  const broken = await Promise.all(
    faults.map(async ({ name, source }) => source !== undefined && addText(root, name, source)),
  );
  const names = [misbehaving, beside, ...broken.filter((name) => name !== false)];
  await writeFile(
    join(root, 'package.json'),
    JSON.stringify({
      name: 'isolation',
      private: true,
      dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])),
    }),
  );
  await mkdir(join(root, 'node_modules/@automate'));
  const sdk = dirname(fileURLToPath(import.meta.resolve('@automate/sdk/package.json')));
  await symlink(sdk, join(root, 'node_modules/@automate/sdk'), 'dir');
  await copyFile(join(sources, 'host-program.mjs'), join(root, 'host-program.mjs'));
  await mkdir(join(root, 'config'));
  await writeFile(join(root, 'config/connectors.json'), JSON.stringify(configOf(faults, level)));
  return { root, ...(await openTargets(root)) };
}

/** The connectors of the project; a class of the embedding program has the level `none` by itself. */
function configOf(faults: readonly Fault[], level: IsolationLevel): JsonObject {
  const common = { health_check: { enabled: false }, retry: { attempts: 1 } };
  return {
    connectors: [
      { ...common, id: 'beside', kind: 'beside', isolation: 'thread' },
      ...faults.map(({ name, source, memoryMb = 64, timeoutMs = 30_000, look }) => ({
        ...common,
        id: name,
        kind: source === undefined ? 'misbehaving' : name,
        ...(level === 'none' ? {} : { isolation: level }),
        limits: { memory_mb: memoryMb, timeout: `${timeoutMs}ms`, start_timeout: source === undefined ? '30s' : '3s' },
        ...(look === 'health' ? { settings: { unhealthy: true } } : {}),
      })),
    ],
  };
}

async function addPackage(root: string, kind: string, file: string): Promise<string> {
  const name = await addManifest(root, kind);
  await copyFile(file, join(root, 'node_modules', name, 'adapter.mjs'));
  return name;
}

async function addText(root: string, kind: string, source: string): Promise<string> {
  const name = await addManifest(root, kind);
  await writeFile(join(root, 'node_modules', name, 'adapter.mjs'), source);
  return name;
}

async function addManifest(root: string, kind: string): Promise<string> {
  const name = `connector-${kind.replaceAll('_', '-')}`;
  const directory = join(root, 'node_modules', name);
  await mkdir(directory, { recursive: true });
  const manifest = {
    name,
    version: '1.0.0',
    type: 'module',
    engines: { automate: '>=1.0.0' },
    automate: { connectors: { [kind]: './adapter.mjs' } },
  };
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  return name;
}

/** Files, a pipe, a module and servers outside of everything that belongs to a connector. */
async function openTargets(root: string): Promise<Omit<Project, 'root'>> {
  const folder = join(root, 'outside');
  await mkdir(folder);
  const outside = join(folder, 'file');
  await writeFile(outside, CANARY);
  const module = join(folder, 'module.mjs');
  await writeFile(module, '');
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const socket = join(folder, 'socket');
  const web = createServer((_request, response) => response.end('ok'));
  const local = createSocketServer((connection) => connection.on('error', () => {}).end());
  await Promise.all([
    new Promise<void>((resolve) => void web.listen(0, '127.0.0.1', resolve)),
    new Promise<void>((resolve) => void local.listen(socket, resolve)),
  ]);
  return {
    targets: { folder, outside, module, fifo, socket, port: (web.address() as AddressInfo).port },
    async [Symbol.asyncDispose]() {
      web.closeAllConnections();
      web.close();
      local.close();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
