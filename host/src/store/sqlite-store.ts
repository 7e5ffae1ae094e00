import { readFileSync } from 'node:fs';
import { attempt } from './attempt.ts';
import type { ConnectorStore, StoredConnector } from './connector-store.ts';
import { inTransaction } from './in-transaction.ts';
import { openMainDatabase } from './open-main-database.ts';
import { parseStoredObject } from './parse-stored-object.ts';

/**
 * Opens the database at `file`, makes it if need be with mode 0600, and brings its tables up to date. Throws UnavailableError where
 * that cannot be done, and Error where it was written by a newer version, both in words for the operator. What its methods reject
 * with is an UnavailableError as well; a row that cannot be read is told as such.
 */
export function openSqliteStore(file: string): ConnectorStore {
  const database = openMainDatabase(file, 'the registered connectors cannot be read');
  const select = database.prepare(
    'SELECT id, config, any_path, any_address, sealed, updated_at FROM connectors ORDER BY id',
  );
  const upsert = database.prepare(
    `INSERT INTO connectors (id, config, any_address, updated_at, sealed) VALUES (?, ?, ?, ?, 1)
     ON CONFLICT (id) DO UPDATE SET
       config = excluded.config, sealed = 1, any_path = 0, any_address = excluded.any_address, updated_at = excluded.updated_at`,
  );
  const insert = database.prepare(
    'INSERT INTO connectors (id, config, any_address, updated_at, sealed) VALUES (?, ?, ?, ?, 1) ON CONFLICT (id) DO NOTHING',
  );
  const replace = database.prepare('UPDATE connectors SET config = ? WHERE id = ?');
  const markSealed = database.prepare('UPDATE connectors SET sealed = 1 WHERE id = ?');
  const remove = database.prepare('DELETE FROM connectors WHERE id = ?');
  return {
    load: () =>
      attempt('the registered connectors cannot be read', file, () => select.all().map((row) => readRow(row, file))),
    put: (id, config, expect, anyAddress = false) =>
      attempt(`the connector "${id}" cannot be stored`, file, () => {
        const statement = expect === 'absent' ? insert : upsert;
        return statement.run(id, JSON.stringify(config), anyAddress ? 1 : 0, new Date().toISOString()).changes > 0;
      }),
    unsealed: {
      copy: () =>
        attempt('the registered connectors cannot be copied', file, () => {
          database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
          return readFileSync(file);
        }),
      rewrite: (rows) =>
        attempt('the registered connectors cannot be stored', file, () => {
          inTransaction(database, () => {
            for (const { id, config } of rows) replace.run(JSON.stringify(config), id);
          });
          // Pages that are free still hold what stood in them, and so does the log of writes.
          database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
          // Only now, so that whoever was killed before does all of it again.
          for (const { id } of rows) markSealed.run(id);
        }),
    },
    delete: (id) =>
      attempt(`the connector "${id}" cannot be removed from what is stored`, file, () => remove.run(id).changes > 0),
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** A row that somebody else has changed must not keep the others from being read. */
function readRow(row: Record<string, unknown>, file: string): StoredConnector {
  const id = String(row['id']);
  const rest = {
    id,
    anyPath: row['any_path'] === 1,
    anyAddress: row['any_address'] === 1,
    sealed: row['sealed'] === 1,
    updatedAt: String(row['updated_at']),
  };
  const config = parseStoredObject(String(row['config']));
  if (config !== undefined) return { ...rest, config };
  const fault = `its row in the table "connectors" of ${file} holds no JSON object: remove it, with "automate connectors remove ${id}", and register it anew`;
  return { ...rest, config: {}, fault };
}
