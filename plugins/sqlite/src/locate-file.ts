import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, isAbsolute, sep } from 'node:path';
import { ConfigInvalidError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import type { SqliteSettings } from './config.ts';
import { MEMORY } from './config.ts';

/** What SQLite keeps beside a database. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/**
 * The real path of the database, links followed, which lies within the configured directory; `:memory:` where that is
 * permitted.
 *
 * @throws ConfigInvalidError where it lies elsewhere or does not exist.
 */
export function locateFile({ id, files }: Pick<ConnectorContext, 'id' | 'files'>, settings: SqliteSettings): string {
  const { directory, file, create, allow_memory: allowMemory } = settings;
  if (file === MEMORY) {
    if (allowMemory) return MEMORY;
    throw fileRefused(
      id,
      `settings.file is ${MEMORY}, which settings.allow_memory does not permit`,
      'memory_not_allowed',
    );
  }
  if (directory === undefined)
    throw fileRefused(id, 'settings.directory is missing; the database must lie in it', 'no_directory');
  const root = realPath(directory);
  if (root === undefined)
    throw fileRefused(id, `settings.directory names ${directory}, which is not there`, 'no_directory');
  const path = resolve(root, file);
  const folder = realPath(dirname(path));
  const real = realPath(path) ?? (folder === undefined ? undefined : join(folder, basename(path)));
  if (!isWithin(root, path) || !isWithin(root, real ?? path))
    throw fileRefused(
      id,
      `settings.file is ${file}, which leads out of settings.directory (${directory})`,
      'outside_directory',
    );
  if (real === undefined) throw fileRefused(id, `${dirname(path)} does not exist`, 'no_file');
  if (!existsSync(path)) {
    // SQLite would create what a link to nothing points at, wherever that is.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw fileRefused(id, `${path} is a link to nothing`, 'no_file');
    if (!create)
      throw fileRefused(id, `${path} does not exist, and settings.create does not permit to create it`, 'no_file');
  }
  const located = files.locate(real, { field: 'settings.file', within: [directory] });
  for (const suffix of COMPANIONS) {
    const companion = `${located}${suffix}`;
    const stats = lstatSync(companion, { throwIfNoEntry: false });
    // SQLite would follow it, and take what it leads to for changes of this database.
    if (stats?.isSymbolicLink() === true) throw fileRefused(id, `${companion} is a link`, 'outside_directory');
    if (stats !== undefined && stats.nlink > 1)
      files.locate(companion, { field: 'settings.file', within: [directory] });
  }
  return located;
}

function realPath(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined;
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function fileRefused(id: string, message: string, reason: string): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${message}; the operator must act`, { details: { reason } });
}
