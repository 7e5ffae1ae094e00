// For what is built before a package is packed. Several packers may be at work on one package at the same time, as tests of installing are:
// none of them may find a folder that another one has just emptied.

import { createHash } from 'node:crypto';
import { chmodSync, globSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  for (const file of globSync('**/*', { cwd: folder }).toSorted()) {
    const path = join(folder, file);
    const status = statSync(path);
    if (!status.isFile()) continue;
    hash.update(`\0${file}\0${status.mode}\0${status.size}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/**
 * Moves a folder to its place on the same disk, instead of what lies there. That stays untouched, and the new one is removed, where both hold the same.
 */
export function putInPlace(made: string, place: string): void {
  if (fingerprint(made) !== fingerprint(place)) {
    rmSync(place, { recursive: true, force: true });
    // A temporary folder is its maker's alone.
    chmodSync(made, 0o755);
    renameSync(made, place);
  }
  rmSync(made, { recursive: true, force: true });
}
