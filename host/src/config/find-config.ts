import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '@automate/contract';
import * as explorerModule from 'cosmiconfig/dist/Explorer.js';
import type { PublicExplorer } from 'cosmiconfig';
import { errorCode } from './error-code.ts';
import { explainUnfit } from './read-config-file.ts';
import { withOpenFile } from './with-open-file.ts';

/** Where a configuration may lie, relative to the project, best first. */
export const SEARCH_PLACES = [
  'config/connectors.yaml',
  'config/connectors.yml',
  'config/connectors.json',
  'connectors.yaml',
  'connectors.yml',
  'connectors.json',
] as const;

export type FoundConfig =
  | {
      readonly ok: true;
      readonly file: string | undefined;
      /** Others that could be meant, and are not read. */
      readonly ignored: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly file: string };

/**
 * Finds the configuration file of a project directory. None is no error. A place that is taken by something that cannot
 * be a configuration is a problem rather than passed over: falling through to "no configuration" would hide it.
 */
export async function findConfig(directory: string): Promise<FoundConfig> {
  const obstacle = await findObstacle(directory);
  if (obstacle !== undefined) return { ok: false, problems: [obstacle], file: obstacle.file ?? directory };
  try {
    const result = await createExplorer().search(directory);
    const file = result?.filepath;
    return { ok: true, file, ignored: file === undefined ? [] : await findOthers(directory, file) };
  } catch (error) {
    const received = error instanceof Error ? error.message : 'an error';
    return {
      ok: false,
      problems: [{ path: '', expected: 'a directory that can be searched', received, file: directory }],
      file: directory,
    };
  }
}

/** The other places that are taken. */
async function findOthers(directory: string, file: string): Promise<readonly string[]> {
  const others = SEARCH_PLACES.map((place) => join(directory, place)).filter((other) => other !== file);
  const taken = await Promise.all(
    others.map((other) =>
      access(other).then(
        () => true,
        () => false,
      ),
    ),
  );
  return others.filter((_other, index) => taken[index]);
}

/** What stands in the first place that is taken, unless it can be read: the search would skip it, or wait for ever. */
async function findObstacle(directory: string): Promise<Problem | undefined> {
  for (const place of SEARCH_PLACES) {
    const file = join(directory, place);
    try {
      return await withOpenFile(file, async (handle) => explainUnfit(file, await handle.stat()));
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        return { path: '', expected: 'a file that can be read', received: `the error ${code}`, file };
      }
    }
  }
  return undefined;
}

/** What the class of the search takes; its package declares it internal. */
interface ExplorerOptions {
  readonly moduleName: string;
  readonly searchPlaces: readonly string[];
  readonly loaders: Readonly<Record<string, (file: string) => unknown>>;
  readonly transform: (result: unknown) => unknown;
  readonly searchStrategy: 'none';
  readonly metaConfigFilePath: null;
  readonly ignoreEmptySearchPlaces: boolean;
  readonly cache: boolean;
}

/**
 * The search of cosmiconfig, and nothing but the search: files are read again by `readConfigFile`, which has bounds.
 *
 * The class is used in place of the package's `cosmiconfig()`, because that function first looks for settings of its
 * own in the process's working directory, where it imports `.config/config.js`, `.mjs`, `.ts` if there are any: the
 * code of whatever directory the host happens to be started in.
 */
function createExplorer(): Pick<PublicExplorer, 'search'> {
  const { Explorer } = explorerModule as unknown as { Explorer: new (options: ExplorerOptions) => PublicExplorer };
  const found = (file: string): { readonly file: string } => ({ file });
  return new Explorer({
    moduleName: 'automate',
    searchPlaces: SEARCH_PLACES,
    loaders: { '.yaml': found, '.yml': found, '.json': found },
    transform: (result) => result,
    searchStrategy: 'none',
    metaConfigFilePath: null,
    ignoreEmptySearchPlaces: false,
    cache: false,
  });
}
