import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { MIGRATIONS } from './migrations.ts';
import type { ConnectorStore, StoredConnector } from './connector-store.ts';

/** How long a statement waits for another process that is writing, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the database at `file`, makes it if need be with mode 0600, and brings its tables up to date. Throws where the file is no
 * database or was written by a newer version, in words for the operator.
 */
export function openSqliteStore(file: string): ConnectorStore {
  // Made by hand first: SQLite would make it with the umask's mode, and readable for a moment.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // FULL: an answer to the caller means that a power cut does not take the registration back.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(database, file);
  } catch (error) {
    database.close();
    throw error;
  }
  const select = database.prepare('SELECT id, config, any_path, updated_at FROM connectors ORDER BY id');
  const upsert = database.prepare(
    `INSERT INTO connectors (id, config, updated_at) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET config = excluded.config, any_path = 0, updated_at = excluded.updated_at`,
  );
  const insert = database.prepare(
    'INSERT INTO connectors (id, config, updated_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const remove = database.prepare('DELETE FROM connectors WHERE id = ?');
  let open = true;
  return {
    load: async () => select.all().map(readRow),
    async put(id, config, expect) {
      const statement = expect === 'absent' ? insert : upsert;
      return statement.run(id, JSON.stringify(config), new Date().toISOString()).changes > 0;
    },
    delete: async (id) => remove.run(id).changes > 0,
    async close() {
      if (open) database.close();
      open = false;
    },
  };
}

function migrate(database: DatabaseSync, file: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `${file} was written by a newer version of the host (schema ${version}, this host knows ${MIGRATIONS.length}): upgrade the host, or name another DATA_DIR`,
      );
    }
    for (const statement of MIGRATIONS.slice(version)) database.exec(statement);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function readRow(row: Record<string, unknown>): StoredConnector {
  const config: unknown = JSON.parse(String(row['config']));
  if (!isJsonObject(config)) throw new Error(`the stored connector ${String(row['id'])} is not an object`);
  return {
    id: String(row['id']),
    config: config satisfies JsonObject,
    anyPath: row['any_path'] === 1,
    updatedAt: String(row['updated_at']),
  };
}
