import { readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEPENDENCY_FIELDS = ['dependencies', 'peerDependencies', 'optionalDependencies'] as const;

/**
 * What the operator must do about an import that failed because a package is not there: install it, where the importing
 * package asks for it. That it is missing is then nobody's fault who wrote code: a folder that was linked without an
 * installation of its own, say. Undefined where the failure is another, or the package does not ask for it.
 */
export function explainMissingPackage(thrown: unknown): string | undefined {
  const message = thrown instanceof Error ? thrown.message : '';
  const [, name, importer] =
    /Cannot find package '([^']+)' imported from (\S+)/.exec(message) ??
    /Cannot find module '([^'./][^']*)'\nRequire stack:\n- (\S+)/.exec(message) ??
    [];
  if (name === undefined || importer === undefined) return undefined;
  const missing = /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
  const directory = packageOf(importer.startsWith('file:') ? fileURLToPath(importer) : importer);
  if (directory === undefined || !asksFor(directory, missing)) return undefined;
  const modules = directory.indexOf(`${sep}node_modules${sep}`);
  const place = modules === -1 ? directory : directory.slice(0, modules);
  return `${missing}, which the package asks for, is not installed: the operator should install the dependencies of ${place}`;
}

/** The directory of the package.json above a file. */
function packageOf(file: string): string | undefined {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if (readManifest(directory) !== undefined) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

function asksFor(directory: string, name: string): boolean {
  const manifest = readManifest(directory) ?? {};
  return DEPENDENCY_FIELDS.some((field) => Object.hasOwn(Object(manifest[field]) as object, name));
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
