import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ROOT } from './run.mjs';

const FILE = join(ROOT, 'config', 'connectors.schema.json');

/**
 * Generates the JSON Schema of the configuration file, with which editors complete and check it, from the schemas that
 * the host itself reads the file with. Needs the built contract.
 *
 * @param {{ check?: boolean }} [options] `check`: change nothing, only say what is out of date
 * @returns {Promise<readonly string[]>} the files that were out of date, relative to the repository
 */
export async function generateSchema({ check = false } = {}) {
  const { configFileJsonSchema } = await import('@automate/contract/schemas');
  const fresh = `${JSON.stringify(configFileJsonSchema(), undefined, 2)}\n`;
  const committed = existsSync(FILE) ? await readFile(FILE, 'utf8') : undefined;
  if (fresh === committed) return [];
  if (!check) await writeFile(FILE, fresh);
  return [relative(ROOT, FILE)];
}
