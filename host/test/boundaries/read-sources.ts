import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Usage } from './find-usage.ts';
import { findUsage } from './find-usage.ts';

/** One source file of the repository, with what it imports. */
export interface Source extends Usage {
  /** Path from the repository's root, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

export const ROOT = normalize(join(fileURLToPath(new URL('.', import.meta.url)), '../../..'));

export function parseSource(file: string, text: string): Source {
  const usage = findUsage(file, text);
  return { ...usage, file, text, imports: usage.imports.map((specifier) => fromRoot(file, specifier)) };
}

/** `./x.ts` and `./x.js` (a built worker entry) both name the source `x.ts`. */
function fromRoot(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(dirname(file), specifier).replace(/(?<!\.d)\.js$/, '.ts');
}

/** All TypeScript and plain module sources that are written by hand and match the patterns. */
export function readSources(...patterns: string[]): Source[] {
  return globSync(patterns, { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**', '**/gen/**', '**/fixtures/**'] })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .map((file) => parseSource(file, readFileSync(join(ROOT, file), 'utf8')));
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly repository?: Readonly<Record<string, string>>;
  readonly homepage?: string;
  readonly bugs?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The manifests of every workspace package, by folder. */
export function readManifests(): Map<string, Manifest> {
  const files = globSync(['packages/*/package.json', 'plugins/*/package.json', 'host/package.json'], { cwd: ROOT });
  return new Map(
    files.toSorted().map((file) => {
      const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
      return [dirname(file).replaceAll('\\', '/'), manifest];
    }),
  );
}
