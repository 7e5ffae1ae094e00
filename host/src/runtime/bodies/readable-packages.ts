import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { quote } from '@automate/contract';
import type { Reach } from '../runtime.ts';

/** What is no part of a package, though it lies in its directory. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** One name, or a scope and a name: anything else would open a whole scope, what tools keep beside packages, or any place of the machine. */
const PACKAGE_NAME = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;

/** What a package may read so that it can run. */
export interface ReadablePackages {
  /** Of files and directories: by the names through which they are reached, and by their real ones. */
  readonly paths: readonly string[];
  /** Links that lie in the packages. What they lead to is read as if it lay there. */
  readonly links: readonly PackageLink[];
}

export interface PackageLink {
  readonly path: string;
  /** Where it leads; where to that is nothing, as it is written. */
  readonly target: string;
}

/**
 * Finds the files of packages, of what they depend on, and of what that depends on in turn. What else is installed beside
 * them is not among it.
 *
 * @param packages real directories
 * @param askedBy directories of packages that are not themselves among it, with the names of what they ask for
 */
export function findReadable(
  packages: readonly string[],
  askedBy: ReadonlyMap<string, readonly string[]> = new Map(),
): ReadablePackages {
  const paths = new Set<string>();
  const links: PackageLink[] = [];
  const seen = new Set<string>();
  const addPackage = (directory: string): void => {
    if (seen.has(directory)) return;
    seen.add(directory);
    for (const path of ownPaths(directory)) paths.add(path);
    links.push(...linksIn(directory));
    addDependencies(directory, readDependencies(directory));
  };
  const addDependencies = (directory: string, names: readonly string[]): void => {
    for (const name of names) {
      const { place, missed } = lookUp(directory, name);
      for (const path of missed) paths.add(path);
      if (place === undefined) continue;
      for (const path of linksTo(place)) paths.add(path);
      addPackage(realpathSync(place));
    }
  };
  packages.forEach(addPackage);
  for (const [directory, names] of askedBy) addDependencies(directory, names);
  return { paths: withSplitNames([...paths]), links };
}

/**
 * Node.js opens a directory `a` no more, but only what is in it, once it is told of an `a-b` beside it. With `a*` in place of both it
 * opens both, and whatever else there begins with that name.
 */
function withSplitNames(paths: readonly string[]): readonly string[] {
  const sorted = paths.toSorted();
  const split = sorted.filter((path) =>
    sorted.some((other) => other.startsWith(path) && other !== path && other[path.length] !== sep),
  );
  return [...split.map((path) => `${path}*`), ...sorted.filter((path) => !split.some((each) => path.startsWith(each)))];
}

/** The real directory of the package that a module belongs to. */
export function packageOf(module: string): string {
  for (let directory = dirname(module); directory !== dirname(directory); directory = dirname(directory))
    // Compilers write a package.json into their output that says no more than how it is to be read.
    if (readManifest(directory)?.['name'] !== undefined) return directory;
  return dirname(module);
}

export function readDependencies(directory: string): readonly string[] {
  const manifest = readManifest(directory) ?? {};
  return ['dependencies', 'peerDependencies', 'optionalDependencies']
    .flatMap((field) => Object.keys(Object(manifest[field]) as object))
    .filter((name) => PACKAGE_NAME.test(name));
}

/** Whether a path is a directory of these or lies below one. */
export function isAmong(directories: readonly string[], path: string): boolean {
  return directories.some((each) => path === each || path.startsWith(each.endsWith(sep) ? each : each + sep));
}

/**
 * What is wrong with a reach that opens what is the host's own, and who must act; undefined where it opens nothing of that.
 *
 * @param code what the connector is made of, which may lie in the data directory, as snapshots do
 */
export function explainClosed({ read, write, closed }: Reach, code: readonly string[] = []): string | undefined {
  const granted = [...read, ...write];
  const holding =
    [...code, ...granted].find((path) => closed.some((each) => isAmong([path], each))) ??
    granted.find((path) => isAmong(closed, path));
  return holding === undefined
    ? undefined
    : `${quote(holding)}, which it would be allowed to use, is or holds what is the host's own; the operator must keep that elsewhere, or grant less in plugins.grants`;
}

/**
 * The directory whole, where what else lies in it may be read too: only so Node.js finds the package.json from a module
 * below. A folder that was linked for development may hold its history, and links to anywhere.
 */
function ownPaths(directory: string): readonly string[] {
  if (directory.split(sep).includes('node_modules')) return [directory];
  const names = readdirSync(directory);
  if (!names.includes('.git') && (!names.includes('node_modules') || holdsPackages(join(directory, 'node_modules'))))
    return [directory];
  return names.filter((name) => !LEFT_OUT.has(name)).map((name) => join(directory, name));
}

/** Whether every link leads to the package that it is named after, or stays within. */
function holdsPackages(modules: string, scope = ''): boolean {
  return readdirSync(join(modules, scope), { withFileTypes: true }).every((entry) => {
    const name = scope === '' ? entry.name : `${scope}/${entry.name}`;
    if (entry.isSymbolicLink()) {
      const target = targetOf(join(modules, name));
      return isAmong([dirname(modules)], target) || readManifest(target)?.['name'] === name;
    }
    return !entry.isDirectory() || !/^[@.]/.test(entry.name) || holdsPackages(modules, name);
  });
}

function linksIn(directory: string): readonly PackageLink[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (LEFT_OUT.has(entry.name)) return [];
    if (entry.isDirectory()) return linksIn(path);
    return entry.isSymbolicLink() ? [{ path, target: targetOf(path) }] : [];
  });
}

function targetOf(link: string): string {
  try {
    return realpathSync(link);
  } catch {
    return resolve(dirname(link), readlinkSync(link));
  }
}

/**
 * Looks for a package as Node.js does.
 *
 * @returns also where it is looked for in vain: who may not look there is told so, and not that nothing is there
 */
function lookUp(
  from: string,
  name: string,
): { readonly place: string | undefined; readonly missed: readonly string[] } {
  const missed: string[] = [];
  for (let directory = from; ; directory = dirname(directory)) {
    const modules = join(directory, 'node_modules');
    const place = join(modules, name);
    if (existsSync(place)) return { place, missed };
    missed.push(existsSync(modules) ? place : modules);
    if (directory === dirname(directory)) return { place: undefined, missed };
  }
}

/** A place, and all that it leads to from link to link. */
function linksTo(place: string): readonly string[] {
  const places = new Set<string>();
  for (let path = place; !places.has(path); path = resolve(dirname(path), readlinkSync(path))) {
    places.add(path);
    if (!lstatSync(path).isSymbolicLink()) break;
  }
  return [...places];
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))) as Record<string, unknown>;
  } catch {
    return undefined; // there is none, or it says nothing
  }
}
