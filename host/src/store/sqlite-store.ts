import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { MIGRATIONS } from './migrations.ts';
import type { ConnectorStore, StoredConnector } from './connector-store.ts';
import { isBusy, storageError } from './storage-error.ts';

/** How long a change waits for another process that is writing, in milliseconds, and how often it looks. The host goes on meanwhile. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_STEP_MS = 25;

/**
 * Opens the database at `file`, makes it if need be with mode 0600, and brings its tables up to date. Throws UnavailableError where
 * that cannot be done, and Error where it was written by a newer version, both in words for the operator. What its methods reject
 * with is an UnavailableError as well; a row that cannot be read is told as such.
 */
export function openSqliteStore(file: string): ConnectorStore {
  const database = openDatabase(file);
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
    load: () =>
      attempt('the registered connectors cannot be read', file, () => select.all().map((row) => readRow(row, file))),
    put: (id, config, expect) =>
      attempt(`the connector "${id}" cannot be stored`, file, () => {
        const statement = expect === 'absent' ? insert : upsert;
        return statement.run(id, JSON.stringify(config), new Date().toISOString()).changes > 0;
      }),
    delete: (id) =>
      attempt(`the connector "${id}" cannot be removed from what is stored`, file, () => remove.run(id).changes > 0),
    async close() {
      if (open) database.close();
      open = false;
    },
  };
}

function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Made by hand first: SQLite would make it with the umask's mode, and readable for a moment.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    // FULL: an answer to the caller means that a power cut does not take the registration back.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(database, file);
    // From now on nothing waits within SQLite, which would be the whole host.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof NewerSchemaError
      ? error
      : storageError('the registered connectors cannot be read', file, error);
  }
}

/** Runs statements, again and again while another program writes. */
async function attempt<T>(what: string, file: string, run: () => T): Promise<T> {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw storageError(what, file, error);
    }
    await delay(BUSY_STEP_MS);
  }
}

/** Written by a host that knows more. */
class NewerSchemaError extends Error {}

function migrate(database: DatabaseSync, file: string): void {
  const known = versionOf(database);
  // Nothing is written where nothing is to be changed.
  if (known === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database);
    if (version > MIGRATIONS.length) {
      throw new NewerSchemaError(
        `${file} was written by a newer version of the host (schema ${version}, this host knows ${MIGRATIONS.length}): upgrade the host, or name another DATA_DIR`,
      );
    }
    for (const statement of MIGRATIONS.slice(version)) database.exec(statement);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/** A row that somebody else has changed must not keep the others from being read. */
function readRow(row: Record<string, unknown>, file: string): StoredConnector {
  const id = String(row['id']);
  const rest = { id, anyPath: row['any_path'] === 1, updatedAt: String(row['updated_at']) };
  const config = parseObject(String(row['config']));
  if (config !== undefined) return { ...rest, config };
  const fault = `its row in the table "connectors" of ${file} holds no JSON object: remove it, with "automate connectors remove ${id}", and register it anew`;
  return { ...rest, config: {}, fault };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
