import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { RenderedOperations } from './openapi/render-operations.ts';
import type { Answers } from './questions.ts';

const TEMPLATES_FOLDER = fileURLToPath(new URL('../templates/', import.meta.url));

/** No registry takes a file of that name, so it has another one among the templates. */
const IGNORE_FILE = ['gitignore', '.gitignore'] as const;

/** The templates' README has npm's words; these are the others'. The first that fits counts. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  npm: {},
  pnpm: { 'npm run ': 'pnpm ', 'npm publish': 'pnpm publish', 'npm ': 'pnpm ', 'npx ': 'pnpm exec ' },
  yarn: { 'npm run ': 'yarn ', 'npm publish': 'yarn npm publish', 'npm ': 'yarn ', 'npx ': 'yarn ' },
};

/**
 * The files of a package, by their path with forward slashes. A template is a working package of a connector to My Service: its files
 * take the place of common ones, except the manifest, which completes the common one, and its names are replaced.
 *
 * @param operations of a document, in place of those that its template has as a sample
 */
export function renderPackage(answers: Answers, operations?: RenderedOperations): ReadonlyMap<string, string> {
  const { template, packageManager, type, kind } = answers;
  const rename = renamer(answers);
  const files = new Map<string, string>();
  let manifest: JsonObject = {};
  for (const layer of ['common', join('with', packageManager), template]) {
    for (const [path, text] of readFolder(join(TEMPLATES_FOLDER, layer))) {
      const renamed = rename(text);
      files.set(rename(path), path === 'README.md' ? replaceAll(renamed, COMMANDS[packageManager] ?? {}) : renamed);
      if (path === 'package.json') manifest = complete(manifest, JSON.parse(renamed) as JsonObject);
    }
  }
  manifest = complete(manifest, { automate: { connectors: { [kind]: { type } } } });
  if (operations !== undefined) manifest = complete(manifest, putIn(files, operations, kind));
  return files.set('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Puts the operations of a document into a package, and gives what they say in its manifest. */
function putIn(files: Map<string, string>, operations: RenderedOperations, kind: string): JsonObject {
  const { network } = operations;
  for (const path of files.keys()) if (path.startsWith('src/operations/')) files.delete(path);
  for (const [path, text] of operations.files) files.set(path, text);
  files.set('connectors.yaml', operations.ownConfiguration(kind));
  const words = Object.entries(operations.words({ kind })).map(([word, text]) => [`<${word}>`, text] as const);
  files.set('README.md', replaceAll(files.get('README.md') ?? '', Object.fromEntries(words)));
  return { automate: { connectors: { [kind]: { permissions: { network: [...network] } } } } };
}

/** Folder by folder: in the archive from which Yarn runs this program, the file system lists no folders within folders. */
function readFolder(folder: string, under = ''): readonly (readonly [path: string, text: string])[] {
  // npm needs no file of its own.
  if (!existsSync(folder)) return [];
  const [stored, wanted] = IGNORE_FILE;
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = join(folder, entry.name);
    if (entry.isDirectory()) return readFolder(place, `${under}${entry.name}/`);
    return [[`${under}${entry.name === stored ? wanted : entry.name}`, readFileSync(place, 'utf8')] as const];
  });
}

/** Replaces the names of the templates' connector, as they stand in paths and texts, by those that were wanted. */
function renamer({ name, kind }: Answers): (text: string) => string {
  const words = kind.split('_').filter((word) => word !== '');
  const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const names = {
    '@acme/connector-my-service': name,
    my_service: kind,
    MY_SERVICE: kind.toUpperCase(),
    'my-service': words.join('-'),
    MyService: capitalised.join(''),
    'My Service': capitalised.join(' '),
  };
  return (text) => replaceAll(text, names);
}

/** In one pass, so that nothing that was put in is replaced again. */
function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  const searched = Object.keys(replacements).map((word) => RegExp.escape(word));
  if (searched.length === 0) return text;
  return text.replaceAll(new RegExp(searched.join('|'), 'g'), (found) => replacements[found] ?? found);
}

/** The one with what the other says besides, or otherwise. */
function complete(one: JsonObject, other: JsonObject): JsonObject {
  const both = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, isJsonObject(before) && isJsonObject(value) ? complete(before, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(both) };
}
