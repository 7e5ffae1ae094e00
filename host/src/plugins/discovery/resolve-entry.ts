import { lstatSync, realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, resolve, sep, win32 } from 'node:path';
import type { Fault } from './fault.ts';
import { systemCode } from './fault.ts';
import { describeValue } from './describe-value.ts';

export interface EntryRequest {
  /** Real directory of the package. */
  readonly packageDir: string;
  /** As the manifest words it. */
  readonly entry: string;
  /** Where the manifest words it, for messages. */
  readonly path: string;
}

export type ResolvedFile =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly missing: boolean; readonly fault: Fault };

const MODULES = ['.js', '.mjs', '.cjs'];
const TYPED_MODULES = ['.ts', '.mts', '.cts'];
const URL_LIKE = /^[a-z][a-z0-9+.-]+:/i;

/** Finds the module of a kind: a JavaScript file that really lies inside its package, whatever links lead there. */
export function resolveEntry(request: EntryRequest): ResolvedFile {
  const file = resolveInside(request);
  if (!file.ok) return file;
  const extension = extname(file.path);
  if (MODULES.includes(extension)) return file;
  // A workspace package may be run from its sources; Node.js refuses to strip types below node_modules.
  if (TYPED_MODULES.includes(extension) && !file.path.split(sep).includes('node_modules')) return file;
  return refuseEntry(request, {
    expected: `a JavaScript module (${MODULES.join(', ')})`,
    received: file.path,
    remedy: 'compile it, and name the compiled file',
  });
}

/**
 * Finds a file that a manifest names. It must lie inside the package's real directory after all symbolic links are
 * followed: Node.js itself checks that for `exports` only, not for `main`, and not for links.
 */
export function resolveInside(request: EntryRequest): ResolvedFile {
  const { packageDir, entry } = request;
  const outside = {
    expected: 'a path inside the package',
    remedy: 'name a file of the package, relative to its package.json',
  };
  if (
    entry.includes('\0') ||
    entry.includes('\\') ||
    URL_LIKE.test(entry) ||
    isAbsolute(entry) ||
    win32.isAbsolute(entry)
  ) {
    return refuseEntry(request, { ...outside, received: describeValue(entry) });
  }
  const wanted = resolve(packageDir, entry);
  if (!isInside(packageDir, wanted))
    return refuseEntry(request, { ...outside, received: `${describeValue(entry)}, which is ${wanted}` });
  let real: string;
  let isFile: boolean;
  try {
    real = realpathSync.native(wanted);
    isFile = statSync(real).isFile();
  } catch (error) {
    return missingFile(request, wanted, systemCode(error));
  }
  if (!isInside(packageDir, real)) {
    return refuseEntry(request, {
      ...outside,
      received: `${describeValue(entry)}, which is really ${real}`,
      remedy: 'put the file itself into the package, not a link to it',
    });
  }
  if (!isFile)
    return refuseEntry(request, {
      expected: 'a file',
      received: `${real}, which is none`,
      remedy: 'name a file, not a directory',
    });
  return { ok: true, path: real };
}

function missingFile(request: EntryRequest, wanted: string, code: string): ResolvedFile {
  if (code === 'ENOENT' && !isLink(wanted)) {
    return refuseEntry(
      request,
      {
        expected: 'a file that exists',
        received: `nothing at ${wanted}`,
        remedy: 'build the package, and list the file under "files" in package.json',
      },
      true,
    );
  }
  if (code === 'ENOENT' || code === 'ELOOP') {
    return refuseEntry(request, {
      expected: 'a file',
      received: `${wanted}, a symbolic link that leads nowhere (${code})`,
      remedy: 'put the file itself into the package, not a link to it',
    });
  }
  return refuseEntry(request, {
    expected: 'a file that can be reached',
    received: `${wanted} (${code})`,
    remedy: 'mend the path, or its access rights',
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Both are absolute and normalised, so that comparing text is enough. */
function isInside(directory: string, path: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function refuseEntry(
  { path }: EntryRequest,
  fault: Omit<Fault, 'path' | 'blame'>,
  missing: boolean = false,
): ResolvedFile {
  return { ok: false, missing, fault: { path, blame: 'plugin', ...fault } };
}
