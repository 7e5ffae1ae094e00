import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from './data-dir.ts';
import type { StorePlace } from './open-stores.ts';

/**
 * What the operator should know of a store that hosts share, in sentences; nothing of one that they do not.
 *
 * @param besideData whether the master key is this host's own
 */
export function adviseShared({ dataDir, storeUrl }: StorePlace, besideData: boolean): readonly string[] {
  if (storeUrl === undefined) return [];
  const file = join(dataDir, DATABASE_FILE);
  return [
    ...(besideData
      ? [
          "the store is shared (STORE_URL), and the master key is this host's own: no other host can read what it seals there; give all of them the same, with MASTER_KEY_FILE",
        ]
      : []),
    ...(existsSync(file)
      ? [
          `${file} has what was kept there before STORE_URL was set, and is not used. If it was not taken to the store yet, "automate store migrate" does that, with no host running; then move it away`,
        ]
      : []),
  ];
}
