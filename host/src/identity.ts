import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Who this host is: the version that ranges of plugins are compared with. */
export interface HostIdentity {
  readonly name: string;
  readonly version: string;
}

/** Reads the host's own package.json. All `@automate/*` packages are released together, so its version is theirs too. */
export function readIdentity(): HostIdentity {
  const file = join(import.meta.dirname, '..', 'package.json');
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Partial<HostIdentity>;
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new Error(`${file} names no package and version: install @automate/host again`);
  }
  return { name, version };
}

/** Where this package and its page lie, and the `file:` URL of what programs import of it. */
export const HOST_FILES = {
  directory: join(import.meta.dirname, '..'),
  /** The page's static files, once it is built. */
  page: join(import.meta.dirname, '..', 'page'),
  entry: pathToFileURL(join(import.meta.dirname, 'index.js')).href,
} as const;

/** The project's root: the directory of the nearest package.json at or above `directory`, or `directory` itself. */
export async function findProjectRoot(directory: string): Promise<string> {
  // Usually one look is enough. Importing the search takes as long as reading all other files of a start.
  if (existsSync(join(directory, 'package.json'))) return directory;
  const { readPackageUp } = await import('read-package-up');
  const found = await readPackageUp({ cwd: directory, normalize: false }).catch(() => undefined);
  return found === undefined ? directory : found.path.replace(/[/\\]package\.json$/, '');
}
