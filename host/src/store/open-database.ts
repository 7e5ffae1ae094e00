import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './in-transaction.ts';
import { storageError } from './storage-error.ts';

/** How long a change waits for another process that is writing, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000;

export interface DatabaseOptions {
  /** Each entry takes the database from the version of its index to the next. Entries are never changed once released. */
  readonly migrations: readonly string[];
  /** What cannot be done where this fails: `the registered connectors cannot be read`. */
  readonly what: string;
}

/**
 * Opens the database at `file`, makes it if need be with mode 0600, and brings its tables up to date. What it has committed
 * outlives a power cut. The caller closes it.
 *
 * @throws UnavailableError where that cannot be done, and NewerSchemaError, both in words for the operator
 */
export function openDatabase(file: string, { migrations, what }: DatabaseOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Made by hand first: SQLite would make it with the umask's mode, and readable for a moment.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    // FULL: an answer to the caller means that a power cut does not take back what it says.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(database, file, migrations);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof NewerSchemaError ? error : storageError(what, file, error);
  }
}

/** Written by a host that knows more. */
class NewerSchemaError extends Error {}

function migrate(database: DatabaseSync, file: string, migrations: readonly string[]): void {
  const known = versionOf(database);
  // Nothing is written where nothing is to be changed.
  if (known === migrations.length) return;
  inTransaction(database, () => {
    const version = versionOf(database);
    if (version > migrations.length) {
      throw new NewerSchemaError(
        `${file} was written by a newer version of the host (schema ${version}, this host knows ${migrations.length}): upgrade the host, or name another DATA_DIR`,
      );
    }
    for (const statement of migrations.slice(version)) database.exec(statement);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
