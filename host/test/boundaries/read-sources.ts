import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One source file of the repository, with what it imports. */
export interface Source {
  /** Path from the repository's root, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** Every specifier: static and dynamic imports, re-exports, types included; relative ones as paths from the root. */
  readonly imports: readonly string[];
}

export const ROOT = normalize(join(fileURLToPath(new URL('.', import.meta.url)), '../../..'));

const PATTERNS = [
  /^[ \t]*(?:import|export)\s[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url\s*\)/g,
];

/** Takes comments away, so that an example in a docstring is not taken for an import. */
export function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replaceAll(/(^|[ \t])\/\/ .*$/gm, '');
}

export function parseSource(file: string, text: string): Source {
  const code = withoutComments(text);
  const specifiers = PATTERNS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
  return { file, text, imports: specifiers.map((specifier) => fromRoot(file, specifier)) };
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
