import type { ErrorReason } from '@automate/contract';
import { UnavailableError } from '@automate/contract';

/** What ails a file, by SQLite's primary result codes and the system's error codes, and what the operator can do about it. */
const TROUBLES = [
  { reason: 'storage_full', codes: [13, 'ENOSPC', 'EDQUOT'], remedy: 'its disk is full: free space there' },
  {
    reason: 'storage_busy',
    codes: [5, 6],
    remedy: 'another program holds it locked: end that program, or wait for it',
  },
  {
    reason: 'storage_read_only',
    codes: [3, 8, 'EROFS', 'EACCES', 'EPERM'],
    remedy: "it cannot be written: give the host's user the right to, or mount its file system for writing",
  },
  {
    reason: 'storage_corrupt',
    codes: [11, 26],
    remedy: 'it is damaged, or no database: restore it from a backup, or move it away, and all that it holds with it',
  },
  {
    reason: 'storage_missing',
    // EEXIST: a file stands where the directory should be.
    codes: [14, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST'],
    remedy: 'it cannot be opened: see that its directory is there and is one',
  },
] as const satisfies readonly Trouble[];

interface Trouble {
  readonly reason: ErrorReason;
  readonly codes: readonly (number | string)[];
  readonly remedy: string;
}

const UNKNOWN: Trouble = {
  reason: 'storage_failed',
  codes: [],
  remedy: 'its disk may be failing: see the log of the system',
};

/**
 * An error of a file of the data directory, with the file, what ails it and what the operator can do. Nothing was changed.
 *
 * @param what what could not be done: `the connector "x" cannot be stored`
 */
export function storageError(what: string, file: string, cause: unknown): UnavailableError {
  const { reason, remedy } = troubleOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(`${what}: ${file}: ${remedy}, or name another directory with DATA_DIR (${said})`, {
    blame: 'operator',
    effect: 'none',
    details: { reason, file },
    cause,
  });
}

/** Whether another program holds the file at the moment. */
export function isBusy(error: unknown): boolean {
  return troubleOf(error).reason === 'storage_busy';
}

function troubleOf(error: unknown): Trouble {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  // The lowest byte is the primary code, the rest a finer one.
  const key = typeof errcode === 'number' ? errcode & 0xff : code;
  return TROUBLES.find(({ codes }) => (codes as readonly unknown[]).includes(key)) ?? UNKNOWN;
}
