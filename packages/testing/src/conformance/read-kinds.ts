import { readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { JsonObject } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { ConformanceOptions } from './conformance-options.ts';
import type { SubjectOptions } from './subject.ts';

/** What a package says of how its kinds are to be tested: options by kind, in a file beside its package.json. */
const OPTIONS_FILE = 'conformance.json';

/**
 * The kinds of a built package, ready to be tested. Options come from `conformance.json` of the package, those given
 * here win. A kind for which nobody says otherwise is taken to have an endpoint.
 *
 * @throws Error where there is no package.json, or it declares no kind
 */
export function readKinds(directory: URL | string, given: ConformanceOptions = {}): readonly SubjectOptions[] {
  const packageDir = realpathSync(directory instanceof URL ? fileURLToPath(directory) : resolve(directory));
  const manifest = readJson(join(packageDir, 'package.json'));
  const automate = manifest?.['automate'];
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  if (!isJsonObject(connectors))
    throw new Error(`${join(packageDir, 'package.json')} is no connector package's: it has no automate.connectors`);
  const own = readJson(join(packageDir, OPTIONS_FILE)) ?? {};
  const names = given.kind === undefined ? Object.keys(connectors) : [given.kind];
  return names.map((kind) => {
    const declared = connectors[kind];
    const entry = isJsonObject(declared) ? declared['entry'] : declared;
    const options = { config: { host: '127.0.0.1' }, ...(own[kind] as ConformanceOptions | undefined), ...given };
    return {
      kind,
      code: { entry: pathToFileURL(resolve(packageDir, typeof entry === 'string' ? entry : '.')).href, packageDir },
      options,
      manifest,
      packageDir,
    };
  });
}

/** Name and version of a package, as far as it has them. */
export function readPackage(directory: string): { readonly name: string; readonly version: string } {
  const { name, version } = readJson(join(resolve(directory), 'package.json')) ?? {};
  return { name: typeof name === 'string' ? name : directory, version: typeof version === 'string' ? version : '' };
}

function readJson(file: string): JsonObject | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new Error(`${file} must hold an object`);
  return value;
}
