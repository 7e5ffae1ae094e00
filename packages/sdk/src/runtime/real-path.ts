import { lstatSync, readdirSync, realpathSync, statfsSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/**
 * Where a path leads, as the operating system follows it. What does not exist yet is placed by its nearest parent that
 * does. Undefined where that cannot be told: a link to nothing, `..` behind something that is not there, no path at all.
 */
export function realPathOf(path: string): string | undefined {
  if (path === '' || path.includes('\0')) return undefined;
  // Not joined or resolved, which would take `..` for the folder that is written before it.
  let head = isAbsolute(path) ? path : `${resolve()}${sep}${path}`;
  const tail: string[] = [];
  for (;;) {
    const real = resolveLinks(head);
    if (real !== undefined) {
      const [next] = tail;
      return next !== undefined && isLink(join(real, next)) ? undefined : join(real, ...tail);
    }
    const name = basename(head);
    const parent = dirname(head);
    if (name === '..' || parent === head) return undefined;
    if (name !== '.') tail.unshift(name);
    head = parent;
  }
}

/** Whether a real path is a directory or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Files and directories that are recognised whatever name leads to them. */
export interface Places {
  readonly real: readonly string[];
  readonly stats: readonly Stats[];
}

export function placesOf(paths: readonly string[]): Places {
  const real = paths.map((each) => realPathOf(each) ?? each);
  return { real, stats: real.flatMap((each) => statOf(each) ?? []) };
}

/** Whether a real path is one of these places or lies below one. */
export function isAmong({ real, stats: known }: Places, path: string): boolean {
  if (real.some((each) => isWithin(each, path))) return true;
  for (let at = path; ; at = dirname(at)) {
    // A directory may be mounted in two places, and be written in two ways.
    const stats = statOf(at);
    if (stats !== undefined && known.some((each) => isSame(each, stats))) return true;
    if (at === dirname(at)) break;
  }
  // Each mount of it is another file system, and shows the same.
  if (isOfProcesses(path) && real.some(isOfProcesses)) return true;
  const stats = statOf(path);
  return stats !== undefined && stats.isFile() && stats.nlink > 1 && real.some((each) => holds(each, stats));
}

/** Whether a directory holds this very file under another name. */
function holds(directory: string, file: Stats): boolean {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true }).some((entry) => {
      if (!entry.isFile()) return false;
      const stats = statOf(join(entry.parentPath, entry.name));
      return stats !== undefined && isSame(stats, file);
    });
  } catch {
    return false; // no directory, or one that is not there
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function resolveLinks(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    // Where the permission model of Node.js does not let us look it lets nobody read: what is written stands for it.
    return (error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED' ? resolve(path) : undefined;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** The number of Linux for `proc`. */
const PROC = 0x9fa0;

function isOfProcesses(path: string): boolean {
  try {
    return statfsSync(path).type === PROC;
  } catch {
    return false;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
