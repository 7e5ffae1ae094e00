import { constants } from 'node:fs';
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import {
  AlreadyExistsError,
  ConfigInvalidError,
  ConnectorError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  UnavailableError,
} from '@automate/sdk';
import type { LocalFiles } from '@automate/sdk';
import { z } from 'zod';

export const absolutePath = z
  .string()
  .refine((path) => isAbsolute(path) && !path.includes('\0'), { error: 'expected an absolute path' });

/** What a setting lets calls do with files, and where. */
export interface Directories {
  /** For messages: `settings.files.read`. */
  readonly setting: string;
  readonly directories: readonly string[];
  readonly files: LocalFiles;
}

/**
 * Opens a regular file within the directories, wherever links lead, for reading.
 *
 * @throws ForbiddenError for one outside; NotFoundError where there is none.
 */
export async function openFile(path: string, allowed: Directories): Promise<FileHandle> {
  const real = locatePath(path, allowed);
  // Neither waits for the other end of a pipe, nor follows what has become a link meanwhile.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(real, flags).catch((error: unknown) => {
    throw fileError(error, path);
  });
  try {
    // A folder on the way may have become a link too.
    const [opened, named, again] = await Promise.all([handle.stat(), stat(real), realpath(real)]);
    if (again !== real || opened.ino !== named.ino || opened.dev !== named.dev) throw outside(path, allowed);
    if (!opened.isFile()) throw pathInvalid(path, 'a regular file');
    return handle;
  } catch (error) {
    await handle.close();
    throw fileError(error, path);
  }
}

/**
 * Makes a file within the directories, whole or not at all: what fails leaves nothing behind and what was there as it was.
 *
 * @param options.overwrite whether it may take the place of another one
 * @param write fills the new file
 * @throws AlreadyExistsError where there is one and it may not.
 */
export async function createFile<T>(
  path: string,
  { overwrite, ...allowed }: Directories & { readonly overwrite: boolean },
  write: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const name = basename(path);
  if (name === '' || name === '.' || name === '..' || path.endsWith(sep)) throw pathInvalid(path, 'the path of a file');
  const folder = locatePath(dirname(path), allowed);
  const target = join(folder, name);
  const isThere = await stat(target).then(
    () => true,
    () => false,
  );
  if (isThere && !overwrite) throw exists(path);
  const partial = join(folder, `.${crypto.randomUUID()}.part`);
  try {
    const handle = await open(partial, 'wx');
    let written: T;
    try {
      if ((await realpath(partial)) !== partial) throw outside(path, allowed);
      written = await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, unlike a rename, fails where there is a file already.
    await (overwrite ? rename(partial, target) : link(partial, target));
    return written;
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Where a path really leads, which must be within the directories. */
function locatePath(path: string, { setting, directories, files }: Directories): string {
  if (directories.length === 0) {
    throw new ConfigInvalidError(
      `the connector may not use files so; the operator must name the directories for it in ${setting}`,
      { details: { reason: 'no_directories' } },
    );
  }
  return files.locate(path, { field: 'file', within: directories });
}

function outside(path: string, { setting }: Directories): ForbiddenError {
  return new ForbiddenError(`"${path}" is not within a directory that ${setting} names`, {
    blame: 'caller',
    details: { reason: 'outside_directories' },
  });
}

function pathInvalid(path: string, expected: string): InvalidInputError {
  return new InvalidInputError(`"${path}" is not ${expected}`, {
    problems: [{ path: 'file', expected, received: 'something else' }],
  });
}

function exists(path: string, cause?: unknown): AlreadyExistsError {
  return new AlreadyExistsError(`there is a file "${path}" already; set overwrite to replace it`, {
    details: { reason: 'file_exists' },
    cause,
  });
}

/** What the file system refuses. Other errors stay as they are. */
function fileError(thrown: unknown, path: string): unknown {
  const { code, syscall } = (thrown ?? {}) as { readonly code?: string; readonly syscall?: unknown };
  if (ConnectorError.is(thrown) || code === undefined || syscall === undefined) return thrown;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NotFoundError(`there is no "${path}"`, { details: { reason: 'no_file' }, cause: thrown });
    case 'EEXIST':
      return exists(path, thrown);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENXIO':
      return new ForbiddenError(`"${path}" cannot be opened or written (${code}); the operator must act`, {
        details: { reason: 'file_refused' },
        cause: thrown,
      });
    default:
      return new UnavailableError(`"${path}" cannot be read or written now (${code}); the operator must act`, {
        details: { reason: 'file_failed' },
        cause: thrown,
      });
  }
}
