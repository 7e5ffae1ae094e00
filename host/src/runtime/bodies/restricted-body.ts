import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '@automate/contract';
import type { Reach } from '../runtime.ts';
import type { Incarnate, StartTask } from './body.ts';
import type { GroupGuard } from './group-guard.ts';
import type { Confinement } from './launch-child.ts';
import { launchChild, PROCESS_ENTRY, startChild } from './launch-child.ts';
import { ProcessBody } from './process-body.ts';
import { explainClosed, findReadable, isAmong, packageOf, readDependencies } from './readable-packages.ts';
import type { Walls } from './walls.ts';

/** More than a pool of connections to one remote system needs, and what Linux gives by default. */
const DESCRIPTORS = 1024;

/** What the worker's core is made of besides its own files. */
const OWN_PACKAGES = ['@automate/contract', '@automate/sdk'];

export interface RestrictedOptions {
  readonly walls: Walls;
  readonly guard: GroupGuard;
  /** Hears of a wall that is missing. */
  warn(connector: string, message: string): void;
}

/**
 * Bodies that are processes as any, under Node.js' permission model: they read what they are made of, and have besides what
 * they were granted. One that cannot be walled in does not live.
 */
export function createRestrictedBodies({ walls, guard, warn }: RestrictedOptions): Incarnate {
  return (task, { memoryMb, reach }, on) => {
    if (!reach.network && !walls.refusesNetwork && walls.emptyNetwork === undefined)
      warn(
        task.id,
        `only the host's own code in its process closes the network to it, and names are looked up all the same: Node.js ${walls.nodeVersion} cannot refuse it, and this system lets nobody make an empty one; the operator should run the host with Node.js 26, or allow user namespaces`,
      );
    const child = startChild(() => launchChild({ memoryMb, walls, guard, confinement: confine(task, reach, walls) }));
    return new ProcessBody(child, { ...task, offline: !reach.network }, on);
  };
}

function confine(task: StartTask, reach: Reach, walls: Walls): Confinement {
  if (!walls.permissionModel)
    throw new Error(
      `this Node.js (${walls.nodeVersion}) has no permission model, so that nothing can be restricted; the operator must run the host with one that knows --permission, or choose the isolation "process"`,
    );
  const code = readableBy(task, reach);
  const read = [...code, ...reach.read];
  const holding = explainClosed(reach, code);
  if (holding !== undefined) throw new Error(holding);
  return {
    flags: [
      '--permission',
      // Opens files past the permission model.
      '--no-experimental-sqlite',
      '--no-addons',
      '--disable-sigusr1',
      // That what was granted is dangerous, said once for each flag.
      '--disable-warning=SecurityWarning',
      ...allow('--allow-fs-read', read),
      ...allow('--allow-fs-write', reach.write),
      ...(reach.childProcess ? ['--allow-child-process'] : []),
      ...(reach.network && walls.refusesNetwork ? ['--allow-net'] : []),
    ],
    around: reach.network || walls.refusesNetwork ? [] : (walls.emptyNetwork ?? []),
    // One more thread than Node.js has by itself: where it refuses sockets, one of them reads what the host sends.
    env: { UV_THREADPOOL_SIZE: '5' },
    limits: [`--nofile=${DESCRIPTORS}`],
    privileges: ['--no-new-privs'],
  };
}

/**
 * Each path once, and none that lies in another: Node.js 24 and 26 refuse a directory that they were told of after what lies in
 * it. What is not there yet may come to be a directory.
 */
function allow(flag: string, paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  const isWithin = (path: string): boolean => {
    for (let at = path; at !== dirname(at); at = dirname(at)) if (all.has(dirname(at))) return true;
    return false;
  };
  const outermost = [...all].filter((path) => !isWithin(path));
  return outermost.flatMap((path) => [`${flag}=${path}`, ...(existsSync(path) ? [] : [`${flag}=${path}/*`])]);
}

function readableBy({ code, snapshot }: StartTask, reach: Reach): readonly string[] {
  const own = snapshot?.directory ?? packageOf(fileURLToPath(code as string));
  const installed = snapshot?.packageDir ?? own;
  // Node.js looks for what it asks for from there; but the data directory may lie in it.
  const isApart = !reach.closed.some((each) => isAmong([installed], each));
  const { paths, links } = findReadable(
    isApart ? [own, installed] : [own],
    new Map([
      // Whether or not it says so, it extends a class of the SDK.
      [installed, ['@automate/sdk', ...readDependencies(own)]],
      [dirname(PROCESS_ENTRY), OWN_PACKAGES],
    ]),
  );
  const snapshots = snapshot === undefined ? [] : [snapshot.directory];
  const all = [...paths, ...snapshots, `${installed}/package.json`, dirname(PROCESS_ENTRY)];
  const outward = links.find(({ target }) => !isAmong([...all, ...reach.read, ...reach.write], target));
  if (outward !== undefined)
    throw new Error(
      `the link ${quote(outward.path)} leads out of its package to ${quote(outward.target)}, and what a link leads to is open where the link is; the plugin's author must put the file itself there`,
    );
  return all;
}
