import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What this system has to wall a process in. */
export interface Walls {
  /** Of the host's Node.js, which the processes have as well. */
  readonly nodeVersion: string;
  /** Whether this Node.js has the permission model, without which nothing is restricted. */
  readonly permissionModel: boolean;
  /** Whether the permission model refuses the network too; that of Node.js 24 lets it through. */
  readonly refusesNetwork: boolean;
  /** `prlimit` of util-linux: bounds data, descriptors and core dumps. */
  readonly prlimit: string | undefined;
  /** `setpriv` of util-linux: ends a process with its host, and keeps it from gaining privileges. */
  readonly setpriv: string | undefined;
  /** The command that runs another in a network of its own, which is empty; absent where the system does not let it. */
  readonly emptyNetwork: readonly string[] | undefined;
}

/** Looks once for each, when it is first needed: what a kernel allows is found out by trying. */
export function findWalls(): Walls {
  let emptyNetwork: { readonly command: readonly string[] | undefined } | undefined;
  return {
    nodeVersion: process.version,
    // As Node.js itself lists what it takes.
    permissionModel: process.allowedNodeEnvironmentFlags.has('--permission'),
    refusesNetwork: process.allowedNodeEnvironmentFlags.has('--allow-net'),
    prlimit: findTool('prlimit'),
    setpriv: findTool('setpriv'),
    get emptyNetwork() {
      emptyNetwork ??= { command: tryEmptyNetwork() };
      return emptyNetwork.command;
    },
  };
}

/** Of a namespace of users, so that nobody has to be root for it. */
function tryEmptyNetwork(): readonly string[] | undefined {
  const unshare = findTool('unshare');
  if (unshare === undefined) return undefined;
  const args = ['--user', '--map-root-user', '--net', '--'];
  const { status } = spawnSync(unshare, [...args, process.execPath, '--version'], { env: {}, stdio: 'ignore' });
  return status === 0 ? [unshare, ...args] : undefined;
}

/** Where a tool of util-linux stands. Not looked for along PATH: what runs the connectors is no matter of the environment. */
function findTool(name: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return ['/usr/bin', '/bin'].map((directory) => `${directory}/${name}`).find((path) => existsSync(path));
}
