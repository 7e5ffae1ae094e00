import type { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './migrations.ts';
import { openDatabase } from './open-database.ts';

/** Opens `connectors.db`, which is used on the host's own thread: nothing waits within SQLite, as the whole host would. */
export function openMainDatabase(file: string, what: string): DatabaseSync {
  const database = openDatabase(file, { migrations: MIGRATIONS, what });
  database.exec('PRAGMA busy_timeout = 0');
  return database;
}
