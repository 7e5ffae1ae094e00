import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageError } from './storage-error.ts';

/** Beside what a host keeps in its data directory: how it is called in a store that it shares with others. */
export const HOST_ID_FILE = 'host-id';

/** The id of the host that a data directory belongs to; undefined where none was made yet. */
export function hostIdOf(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, HOST_ID_FILE), 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw storageError('the id of the host cannot be read', join(dataDir, HOST_ID_FILE), error);
  }
}

/** The same, and makes one where there is none: `id`, or a new one. */
export function makeHostId(dataDir: string, id: string = randomUUID()): string {
  const known = hostIdOf(dataDir);
  if (known !== undefined) return known;
  const file = join(dataDir, HOST_ID_FILE);
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${id}\n`, { mode: 0o600, flush: true });
    // Whoever comes second takes what the first has made.
    linkSync(draft, file);
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw storageError('the id of the host cannot be written down', file, error);
    return hostIdOf(dataDir) ?? id;
  } finally {
    rmSync(draft, { force: true });
  }
}
