import type { ActionDescription } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { attempt } from './attempt.ts';
import type { DiscoveryStore, StoredDiscovery } from './discovery-store.ts';
import { openMainDatabase } from './open-main-database.ts';
import { parseStoredObject } from './parse-stored-object.ts';

/** Opens what remote systems offered, in the database at `file`, which it makes if need be. Throws as `openDatabase` does. */
export function openSqliteDiscoveryStore(file: string): DiscoveryStore {
  const what = 'what remote systems offered the last time cannot be read';
  const database = openMainDatabase(file, what);
  const one = database.prepare('SELECT config_sha256, found FROM discoveries WHERE connector = ?');
  const upsert = database.prepare(
    `INSERT INTO discoveries (connector, config_sha256, found, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (connector) DO UPDATE
       SET config_sha256 = excluded.config_sha256, found = excluded.found, updated_at = excluded.updated_at`,
  );
  const prune = database.prepare('DELETE FROM discoveries WHERE connector NOT IN (SELECT value FROM json_each(?))');
  return {
    find: (connector) => attempt(what, file, () => readDiscovery(connector, one.get(connector))),
    put: ({ connector, configSha256, actions, discovery }) =>
      attempt(`what the remote system of "${connector}" offers cannot be stored`, file, () => {
        upsert.run(connector, configSha256, JSON.stringify({ actions, discovery }), new Date().toISOString());
      }),
    keepOnly: (connectors) =>
      attempt('what remote systems offered cannot be removed', file, () => void prune.run(JSON.stringify(connectors))),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** A row that somebody else has changed counts as none: it is written anew when the remote system answers. */
function readDiscovery(connector: string, row: Record<string, unknown> | undefined): StoredDiscovery | undefined {
  const { actions, discovery } = parseStoredObject(String(row?.['found'])) ?? {};
  if (row === undefined || !Array.isArray(actions) || !isJsonObject(discovery)) return undefined;
  return {
    connector,
    configSha256: String(row['config_sha256']),
    actions: actions as unknown as readonly ActionDescription[],
    discovery,
  };
}
