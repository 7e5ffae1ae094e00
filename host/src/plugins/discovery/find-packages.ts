import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginProblem } from '@automate/contract';
import type { ManifestFile, ManifestReader } from './manifest-file.ts';
import { createManifestReader } from './manifest-file.ts';
import { systemCode } from './fault.ts';
import { explainAbsence } from './explain-absence.ts';
import type { PackageDir } from './package-dir.ts';
import type { Place } from './places.ts';
import { choosePlaces } from './places.ts';

export interface FindOptions {
  /** The project: the directory whose package.json and node_modules count. */
  readonly root: string;
  /** `direct`: packages that are asked for by name; `all`: whatever lies in node_modules. Default `direct`. */
  readonly scan?: 'direct' | 'all';
  /** Read the whole top level under `direct` too, so that packages which came along can be reported. Default false. */
  readonly full?: boolean;
  /** Further directories that hold a node_modules, relative to the root. Default none. */
  readonly paths?: readonly string[];
}

export interface FoundPackages {
  /** Packages that may declare connectors, or cannot be read well enough to tell; in no particular order. */
  readonly packages: readonly PackageDir[];
  /** Trouble with the project itself. */
  readonly problems: readonly PluginProblem[];
}

/**
 * Reads the top level of the project's node_modules, scopes included and symbolic links followed, by path. Nothing is
 * imported and nothing is resolved, so that an `exports` map cannot hide a package.
 */
export function findPackages(options: FindOptions): FoundPackages {
  const byName = options.scan !== 'all' && options.full !== true;
  const { places, problems } = choosePlaces({
    root: options.root,
    paths: options.paths ?? [],
    everything: options.scan === 'all',
  });
  const read = createManifestReader();
  const packages: PackageDir[] = [];
  const installed = new Set<string>();
  for (const place of places) {
    if (!place.hasModules) continue;
    // Without a package.json nobody can tell who asked for what, so the whole place is read.
    const names = byName && place.asked !== 'everything' ? [...place.asked.keys()] : listNames(place, problems);
    visit(place, names, { read, packages, installed });
  }
  for (const place of places) problems.push(...explainAbsence(place, installed));
  return { packages, problems };
}

interface Findings {
  readonly read: ManifestReader;
  readonly packages: PackageDir[];
  readonly installed: Set<string>;
}

function visit(place: Place, names: readonly string[], { read, packages, installed }: Findings): void {
  for (const name of names) {
    const linkedDir = `${place.modules}/${name}`;
    let file: ManifestFile = read(`${linkedDir}/package.json`);
    if (file.kind === 'absent') {
      const instead = withoutManifest(linkedDir, isAskedFor(place, name));
      if (instead === 'not there') continue;
      file = instead;
    }
    installed.add(name);
    if (file.kind === 'text' || file.kind === 'unreadable') packages.push(toPackageDir(place, name, file));
  }
}

function toPackageDir(place: Place, name: string, manifest: PackageDir['manifest']): PackageDir {
  const linkedDir = join(place.modules, name);
  const wanted = place.asked === 'everything' ? '' : (place.asked.get(name) ?? '');
  return {
    name,
    expectedName: aliasedName(wanted) ?? name,
    linkedDir,
    realDir: realDirectory(linkedDir),
    origin: place.modules,
    direct: isAskedFor(place, name),
    manifest,
  };
}

function isAskedFor(place: Place, name: string): boolean {
  return place.asked === 'everything' || place.asked.has(name);
}

/** The real name behind `npm:@acme/connector-slack@^1.0.0` and `workspace:@acme/connector-slack@*`. */
function aliasedName(wanted: string): string | undefined {
  if (!wanted.includes('@')) return undefined;
  return /^(?:npm|workspace):(?<name>(?:@[^/@\s]+\/)?[^/@\s~^*]+)@/.exec(wanted)?.groups?.['name'];
}

function realDirectory(linkedDir: string): string {
  try {
    return realpathSync.native(linkedDir);
  } catch {
    // The manifest is then unreadable as well, and says why.
    return linkedDir;
  }
}

/** What to make of a name without a package.json: a stray file or an empty directory is nothing, a broken link is something. */
function withoutManifest(linkedDir: string, asked: boolean): ManifestFile | 'not there' {
  let isLink: boolean;
  try {
    isLink = lstatSync(linkedDir).isSymbolicLink();
  } catch {
    return 'not there';
  }
  try {
    if (!statSync(linkedDir).isDirectory()) return asked ? broken('a directory', 'a file') : { kind: 'foreign' };
  } catch (error) {
    if (isLink) return broken('a package', `a symbolic link that leads nowhere (${systemCode(error)})`);
  }
  return asked ? broken('a file', 'nothing') : { kind: 'foreign' };
}

function broken(expected: string, received: string): ManifestFile {
  return {
    kind: 'unreadable',
    fault: { path: 'package.json', expected, received, blame: 'operator', remedy: 'install the package again' },
  };
}

/** The names at the top level, scopes opened. Dotted names (`.bin`, `.pnpm`, `.cache`) are the package manager's own. */
function listNames(place: Place, problems: PluginProblem[]): string[] {
  const names: string[] = [];
  for (const entry of list(place.modules, 'node_modules', problems) ?? []) {
    if (entry.startsWith('.')) continue;
    if (!entry.startsWith('@')) {
      names.push(entry);
      continue;
    }
    for (const inner of list(`${place.modules}/${entry}`, `node_modules/${entry}`, problems) ?? []) {
      if (!inner.startsWith('.')) names.push(`${entry}/${inner}`);
    }
  }
  return names;
}

function list(directory: string, path: string, problems: PluginProblem[]): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (error) {
    const received = `${directory} cannot be read (${systemCode(error)})`;
    problems.push({ path, expected: 'a directory', received, blame: 'operator', remedy: 'install the packages again' });
    return undefined;
  }
}
