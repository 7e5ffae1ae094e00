import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { DATABASE_FILE, isThere } from '../../store/data-dir.ts';

/** Where a data directory has its master key, unless that is elsewhere. */
const KEYS = 'keys';

/** Copies what is registered and the secrets of a data directory, also while a host works on it. Nothing is written there. */
export async function copyData(from: string, to: string): Promise<void> {
  if (!isThere(from, DATABASE_FILE)) return;
  const source = new DatabaseSync(join(from, DATABASE_FILE), { readOnly: true });
  try {
    await backup(source, join(to, DATABASE_FILE));
  } finally {
    source.close();
  }
  if (isThere(from, KEYS)) await cp(join(from, KEYS), join(to, KEYS), { recursive: true });
}
