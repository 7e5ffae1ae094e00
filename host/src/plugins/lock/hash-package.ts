import { hash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SIGNATURE_FILE } from './signature-file.ts';
import { listPackageFiles } from '../snapshots/package-files.ts';

/** A package's files, as whatever package manager put them there. */
export interface PackageHash {
  /** `sha512-…`, of the names and contents of all files, without dependencies. */
  readonly integrity: string;
  readonly files: number;
  readonly bytes: number;
}

/** @throws Error where the files cannot be read, or are too many */
export function hashPackage(packageDir: string): PackageHash {
  // What signs them is put beside them afterwards.
  const files = listPackageFiles(packageDir, '').files.filter(({ path }) => path !== SIGNATURE_FILE);
  const lines = files.map(({ path, stats }) => {
    const content = stats.isSymbolicLink()
      ? `link ${readlinkSync(join(packageDir, path))}`
      : hash('sha256', readFileSync(join(packageDir, path)), 'hex');
    return `${path}\0${content}`;
  });
  const bytes = files.reduce((sum, { stats }) => sum + Number(stats.size), 0);
  return { integrity: `sha512-${hash('sha512', lines.toSorted().join('\n'), 'base64')}`, files: files.length, bytes };
}
