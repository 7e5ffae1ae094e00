import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isBusy, storageError } from './storage-error.ts';

/**
 * Takes a file for this process, or answers undefined where it is taken; the function that it gives lets go of it. The lock is
 * SQLite's own on a file of its own: the operating system drops it when the process dies, however it dies, so that no stale lock is
 * left.
 *
 * @param what what could not be done where even that fails: `the data directory cannot be locked`
 * @throws UnavailableError
 */
export function lockFile(file: string, what: string): (() => void) | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    // No journal beside it: nothing is ever written.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    chmodSync(file, 0o600);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw storageError(what, file, error);
  }
  const held = database;
  return () => held.close();
}
