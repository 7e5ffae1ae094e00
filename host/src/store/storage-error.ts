import { UnavailableError } from '@automate/contract';

/** What ails a file, by SQLite's primary result codes and the system's error codes, and what the operator can do about it. */
const TROUBLES = {
  storage_full: { codes: [13, 'ENOSPC', 'EDQUOT'], remedy: 'its disk is full: free space there' },
  storage_busy: { codes: [5, 6], remedy: 'another program holds it locked: end that program, or wait for it' },
  storage_read_only: {
    codes: [3, 8, 'EROFS', 'EACCES', 'EPERM'],
    remedy: "it cannot be written: give the host's user the right to, or mount its file system for writing",
  },
  storage_corrupt: {
    codes: [11, 26],
    remedy:
      'it is damaged, or no database: restore it from a backup, or move it away, and connectors registered over the API with it',
  },
  storage_missing: {
    codes: [14, 'ENOENT', 'ENOTDIR', 'EISDIR'],
    remedy: 'it cannot be opened: see that its directory is there and is one',
  },
  storage_failed: { codes: [], remedy: 'its disk may be failing: see the log of the system' },
} as const;

type Trouble = keyof typeof TROUBLES;

/**
 * An error of a file of the data directory, with the file, what ails it and what the operator can do. Nothing was changed.
 *
 * @param what what could not be done: `the connector "x" cannot be stored`
 */
export function storageError(what: string, file: string, cause: unknown): UnavailableError {
  const trouble = troubleOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(
    `${what}: ${file}: ${TROUBLES[trouble].remedy}, or name another directory with DATA_DIR (${reason})`,
    { blame: 'operator', effect: 'none', details: { reason: trouble, file }, cause },
  );
}

/** Whether another program holds the file at the moment. */
export function isBusy(error: unknown): boolean {
  return troubleOf(error) === 'storage_busy';
}

function troubleOf(error: unknown): Trouble {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  // The lowest byte is the primary code, the rest a finer one.
  const key = typeof errcode === 'number' ? errcode & 0xff : code;
  const found = Object.entries(TROUBLES).find(([, { codes }]) => codes.some((each) => each === key));
  return (found?.[0] as Trouble | undefined) ?? 'storage_failed';
}
