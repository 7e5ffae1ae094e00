import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, statSync } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hashInstalled } from '../discovery/hash-manifest.ts';
import type { DiscoveredKinds, Kind, KindSource } from '../kind-catalog.ts';
import { copyPackage } from './copy-package.ts';
import type { PackageFiles } from './package-files.ts';
import { changedBetween, holdsSameFiles, listPackageFiles } from './package-files.ts';

export type PackageSource = Extract<KindSource, { via: 'package' }>;

/** Where an admitted package's code is run from. */
export type AdmittedCode =
  | {
      readonly kind: 'snapshot';
      readonly entryUrl: string;
      /** Holds what was admitted. */
      readonly directory: string;
      /** Where the package is installed. */
      readonly packageDir: string;
    }
  /** No snapshot can be had: where it is installed, with the package.json that was admitted. */
  | { readonly kind: 'installed'; readonly entryUrl: string }
  /** What was admitted is there no more: the package is gone, or another by now. */
  | { readonly kind: 'lost'; readonly gone: boolean };

export interface SnapshotsOptions {
  readonly dataDir: string;
  /** Whether this host holds the data directory, so that nobody who stays uses what it does not need. */
  readonly owned: boolean;
  /** Holds the data directory for an instant; undefined where a host serves it. */
  lock(): { release(): void } | undefined;
  warn(message: string): void;
}

interface Snapshot {
  readonly name: string;
  readonly directory: string;
}

/** Begins the names of directories that are not whole yet. */
const DRAFT = '.new-';
/** For so long a program that holds no data directory leaves what another of its kind may use, in milliseconds. */
const LEFT_ALONE_MS = 24 * 3_600_000;

/**
 * What was admitted of each package, below the data directory. Installers and builds replace packages in place, and what they put
 * there must be admitted itself before it is run. A snapshot is made when a version's code is first run, so that starting the
 * host costs nothing.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #root: string;
  /** By version, as `versionKey` tells them apart. */
  readonly #made = new Map<string, Snapshot>();
  readonly #making = new Map<string, Promise<AdmittedCode>>();
  /** What each version looked like when it was first run, by the key of the version without a build. */
  readonly #firstBuilds = new Map<string, string>();
  /** Labels of the packages that were run. */
  readonly #started = new Set<string>();
  /** Names in the directory that are not to be removed. */
  readonly #names = new Set<string>();
  readonly #warned = new Set<string>();
  #removal: Promise<void> = Promise.resolve();
  /** When packages were looked at last, in milliseconds since the epoch: what lay there then is what was admitted. */
  #scannedAt = Date.now();

  /** Made right after the first scan. */
  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#root = snapshotsRoot(options.dataDir);
  }

  /** Where the code of an admitted version is; a promise where its snapshot has to be made. */
  find(source: PackageSource): AdmittedCode | Promise<AdmittedCode> {
    const key = versionKey(source);
    const made = this.#made.get(key);
    if (made !== undefined && existsSync(made.directory)) return codeIn(made, source);
    const making = this.#making.get(key) ?? this.#make(source).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making.then((code) => withEntryOf(code, source));
  }

  /**
   * What a scan found, with those packages told apart that were built anew under the same package.json since they were first run.
   *
   * @param admits whether what lies there now is what is admitted. Default: true
   */
  markBuilds(found: DiscoveredKinds, { admits = true }: { readonly admits?: boolean } = {}): DiscoveredKinds {
    if (admits) this.#scannedAt = Date.now();
    const builds = new Map<string, string | undefined>();
    const mark = (kind: Kind): Kind => {
      const { source } = kind;
      if (source.via !== 'package') return kind;
      const { packageDir } = source;
      if (!builds.has(packageDir)) builds.set(packageDir, this.#buildOf(source));
      return { ...kind, source: { ...source, build: builds.get(packageDir) } };
    };
    return { ...found, kinds: new Map([...found.kinds].map(([name, kind]) => [name, mark(kind)])) };
  }

  /**
   * Removes what an earlier host left behind, and what nobody needs any more.
   *
   * @param needed what connectors are made of, or could be
   * @param workers say whether one still runs from a directory
   */
  tidy(needed: readonly Kind[], workers: { runsFrom(directory: string): boolean }): Promise<void> {
    const sources = needed.map(({ source }) => source).filter((source) => source.via === 'package');
    const keys = new Set(sources.map(versionKey));
    for (const [key, { name, directory }] of this.#made) {
      if (keys.has(key) || this.#making.has(key) || workers.runsFrom(directory)) continue;
      this.#made.delete(key);
      this.#names.delete(name);
    }
    const installed = new Set(sources.map(directoryLabel));
    return this.#remove((label) => !installed.has(label) || this.#started.has(label));
  }

  /** Waits until nothing is written and nothing removed. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#making.values());
    await this.#removal;
  }

  async #make(source: PackageSource): Promise<AdmittedCode> {
    const { packageDir, manifestHash, build } = source;
    const firstKey = versionKey({ ...source, build: undefined });
    for (let isLast = false; ; isLast = true) {
      const installed = hashInstalled(packageDir);
      if (installed !== manifestHash) return { kind: 'lost', gone: installed === undefined };
      try {
        const files = this.#list(packageDir);
        const expected = build ?? this.#firstBuilds.get(firstKey);
        const isAnother =
          expected === undefined ? changedBetween(files, this.#scannedAt, Date.now()) : files.fingerprint !== expected;
        if (isAnother) return { kind: 'lost', gone: false };
        const snapshot = await this.#put(source, files);
        if (hashInstalled(snapshot.directory) !== manifestHash) return { kind: 'lost', gone: false };
        this.#made.set(versionKey(source), snapshot);
        if (build === undefined) this.#firstBuilds.set(firstKey, files.fingerprint);
        this.#started.add(directoryLabel(source));
        void this.#remove((label) => label === directoryLabel(source));
        return codeIn(snapshot, source);
      } catch (error) {
        // An installer may be at work, or another host that tidies up.
        if (isLast) return this.#goWithout(source, error);
      }
    }
  }

  /** The snapshot of these files, made unless it is there from an earlier start. */
  async #put(source: PackageSource, files: PackageFiles): Promise<Snapshot> {
    const { packageDir, packageVersion } = source;
    const name = `${directoryLabel(source)}@${packageVersion}-${files.fingerprint.slice(0, 16)}`;
    this.#names.add(name);
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    // Modules are known by their real paths.
    const directory = join(await realpath(this.#root), name);
    if (existsSync(directory)) {
      if (holdsSameFiles(this.#list(directory), files)) {
        const now = new Date();
        await utimes(directory, now, now);
        return { name, directory };
      }
      await rm(directory, { recursive: true, force: true });
    }
    const draftName = newDraft();
    const draft = join(this.#root, draftName);
    this.#names.add(draftName);
    try {
      await copyPackage(packageDir, files, draft);
      if (this.#list(packageDir).fingerprint !== files.fingerprint)
        throw new Error('its files changed while they were copied');
      await rename(draft, directory);
    } catch (error) {
      // Another process on the same data directory may have been first.
      if (!existsSync(directory)) throw error;
    } finally {
      await rm(draft, { recursive: true, force: true });
      this.#names.delete(draftName);
    }
    return { name, directory };
  }

  #list(directory: string): PackageFiles {
    return listPackageFiles(directory, this.#options.dataDir);
  }

  #buildOf(source: PackageSource): string | undefined {
    const first = this.#firstBuilds.get(versionKey(source));
    if (first === undefined) return undefined;
    try {
      const { fingerprint } = this.#list(source.packageDir);
      return fingerprint === first ? undefined : fingerprint;
    } catch {
      return undefined; // what cannot be read any more cannot be run either, and its first start says so
    }
  }

  /** A host must not fail to start its connectors for want of space. */
  #goWithout(source: PackageSource, error: unknown): AdmittedCode {
    const { packageName, packageVersion, packageDir, entryUrl } = source;
    const key = versionKey(source);
    if (!this.#warned.has(key)) {
      this.#warned.add(key);
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.warn(
        `the package ${packageName}, version ${packageVersion}, runs from ${packageDir} itself, as no snapshot of it can be made in ${this.#root}: ${reason}; until the operator mends that, what is put in its place may run without having been admitted`,
      );
    }
    return { kind: 'installed', entryUrl };
  }

  /** Removes drafts that nobody works on, and snapshots that no name here keeps, of the packages that are asked for. */
  #remove(isAsked: (label: string) => boolean): Promise<void> {
    this.#removal = this.#removal
      .then(() => this.#removeNow(isAsked))
      .catch((error: unknown) => {
        // What stays behind takes up space and no more.
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.warn(`snapshots that are needed no more stay in ${this.#root}: ${reason}`);
      });
    return this.#removal;
  }

  async #removeNow(isAsked: (label: string) => boolean): Promise<void> {
    // Where there is nothing yet, nothing is to be removed.
    const names = await readdir(this.#root).catch(() => []);
    const unneeded = names.filter(
      (name) =>
        !this.#names.has(name) &&
        (name.startsWith(DRAFT) || isAsked(name.slice(0, name.lastIndexOf('@')))) &&
        (this.#options.owned || isOlder(join(this.#root, name), LEFT_ALONE_MS)),
    );
    if (unneeded.length > 0) await Promise.all(this.#takeAway(unneeded).map(removeDirectory));
  }

  /** Gives them names that nobody looks for, all in one turn. */
  #takeAway(names: readonly string[]): string[] {
    const lock = this.#options.owned ? NO_LOCK : this.#options.lock();
    if (lock === undefined) return [];
    try {
      return names.map((name) => {
        const drop = join(this.#root, newDraft());
        renameSync(join(this.#root, name), drop);
        return drop;
      });
    } catch {
      return []; // Another does the same; what stays behind is found by the next who looks.
    } finally {
      lock.release();
    }
  }
}

const NO_LOCK = { release: (): void => undefined };

function newDraft(): string {
  return `${DRAFT}${randomUUID()}`;
}

function isOlder(directory: string, ageMs: number): boolean {
  return (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < Date.now() - ageMs;
}

async function removeDirectory(directory: string): Promise<void> {
  // The next host tries again.
  await rm(directory, { recursive: true, force: true }).catch(() => undefined);
}

function versionKey({ packageDir, manifestHash, build = '' }: PackageSource): string {
  return [packageDir, manifestHash, build].join('\0');
}

/** The directory of all snapshots. */
export function snapshotsRoot(dataDir: string): string {
  return join(dataDir, 'plugins');
}

/** The package's name as the name of a directory. */
export function directoryLabel({ packageName }: Pick<PackageSource, 'packageName'>): string {
  return packageName.replaceAll(/[^\w.+~-]/g, (character) => (character === '@' ? '@' : '+'));
}

/** What was made for one kind of a package holds for the others, but for where each begins. */
function withEntryOf(code: AdmittedCode, source: PackageSource): AdmittedCode {
  if (code.kind === 'snapshot') return codeIn(code, source);
  return code.kind === 'installed' ? { ...code, entryUrl: source.entryUrl } : code;
}

function codeIn({ directory }: Pick<Snapshot, 'directory'>, { packageDir, entryUrl }: PackageSource): AdmittedCode {
  const entry = join(directory, relative(packageDir, fileURLToPath(entryUrl)));
  return { kind: 'snapshot', entryUrl: pathToFileURL(entry).href, directory, packageDir };
}
