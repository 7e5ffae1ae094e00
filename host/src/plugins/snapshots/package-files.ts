import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** More than this is no package that is copied without being asked for: somebody's whole workspace, say. */
const MOST_FILES = 5_000;
const MOST_BYTES = 256 * 1024 * 1024;

export interface PackageFile {
  /** Relative to the package. */
  readonly path: string;
  readonly stats: BigIntStats;
}

/** A package's own files, as they lay when they were looked at. */
export interface PackageFiles {
  /** Parents come first. */
  readonly directories: readonly string[];
  /** Files, and symbolic links as what they are. */
  readonly files: readonly PackageFile[];
  /** Differs when a file was written, replaced, added or removed. */
  readonly fingerprint: string;
}

/**
 * Lists a package's files without its installed dependencies and without its history. It waits for the disk, as discovery does: the
 * hundred files of a package take two milliseconds, a third of what it takes to ask for them one by one.
 *
 * @param except a directory that is left out, should it lie in the package
 * @throws Error where they cannot be read, or are too many
 */
export function listPackageFiles(packageDir: string, except: string): PackageFiles {
  const directories: string[] = [];
  const files: PackageFile[] = [];
  let bytes = 0n;
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(packageDir, directory), { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (directory === '' && LEFT_OUT.has(entry.name)) continue;
      if (entry.isDirectory()) {
        if (join(packageDir, path) === except) continue;
        directories.push(path);
        visit(path);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const stats = lstatSync(join(packageDir, path), { bigint: true });
        files.push({ path, stats });
        bytes += stats.size;
        if (files.length > MOST_FILES) throw new Error(`it has more than ${MOST_FILES} files`);
        if (bytes > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES / 1024 / 1024} MiB of files`);
      }
    }
  };
  visit('');
  return { directories, files, fingerprint: fingerprintOf(packageDir, files) };
}

/** Whether one of them was written, or put there, between two moments, both in milliseconds since the epoch. A time yet to come is of another clock and says nothing. */
export function changedBetween({ files }: PackageFiles, from: number, to: number): boolean {
  return files.some(({ stats: { mtimeNs, birthtimeNs } }) =>
    // Installers put files there with a time of long ago.
    [mtimeNs, birthtimeNs].some((time) => time > toNs(from + 1) && time <= toNs(to)),
  );
}

/** Whether a copy is as whole as it was made: what a crash of the machine cuts short is not. */
export function holdsSameFiles(copy: PackageFiles, of: PackageFiles): boolean {
  return sizesOf(copy) === sizesOf(of);
}

const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git']);

function fingerprintOf(packageDir: string, files: readonly PackageFile[]): string {
  const lines = files.map(({ path, stats: { size, mtimeNs, ino } }) => `${path}\0${size}\0${mtimeNs}\0${ino}`);
  return hash('sha256', [packageDir, ...lines.toSorted()].join('\n'));
}

function toNs(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}

function sizesOf({ files }: PackageFiles): string {
  const lines = files.map(({ path, stats }) => `${path}\0${stats.isSymbolicLink() ? 'link' : stats.size}`);
  return lines.toSorted().join('\n');
}
