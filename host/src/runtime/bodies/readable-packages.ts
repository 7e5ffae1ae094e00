import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/** What is no part of a package, though it lies in its directory. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git']);

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
      const place = findInstalled(directory, name);
      if (place === undefined) continue;
      paths.add(place);
      addPackage(realpathSync(place));
    }
  };
  packages.forEach(addPackage);
  for (const [directory, names] of askedBy) addDependencies(directory, names);
  return { paths: [...paths], links };
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
  return ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
    Object.keys(Object(manifest[field]) as object),
  );
}

/** Whether a path is a directory of these or lies below one. */
export function isAmong(directories: readonly string[], path: string): boolean {
  return directories.some((each) => path === each || path.startsWith(each.endsWith(sep) ? each : each + sep));
}

/** The directory alone would open what is installed in it too. */
function ownPaths(directory: string): readonly string[] {
  const names = readdirSync(directory);
  if (!names.some((name) => LEFT_OUT.has(name))) return [directory];
  return names.filter((name) => !LEFT_OUT.has(name)).map((name) => join(directory, name));
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

function findInstalled(from: string, name: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const place = join(directory, 'node_modules', name);
    if (existsSync(place)) return place;
    if (directory === dirname(directory)) return undefined;
  }
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))) as Record<string, unknown>;
  } catch {
    return undefined; // there is none, or it says nothing
  }
}
