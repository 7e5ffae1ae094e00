import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT, run } from './run.mjs';

const CONTRACT = join(ROOT, 'packages', 'contract');
const GENERATED = join(CONTRACT, 'src', 'gen');

/**
 * Generates the TypeScript of the protocol (`packages/contract/proto`) into `packages/contract/src/gen`. No registry is
 * asked: what the protocol imports lies beside it, and the generator is a package.
 *
 * @param {{ check?: boolean }} [options] `check`: change nothing, only say what is out of date
 * @returns {Promise<readonly string[]>} the files that were out of date, relative to the repository
 */
export async function generateProto({ check = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'automate-proto-'));
  try {
    const { status, output } = await run('buf', ['generate', '--output', folder], { cwd: CONTRACT });
    if (status !== 0) throw new Error(`buf cannot generate the protocol's code:\n${output}`);
    const fresh = join(folder, 'src', 'gen');
    const changed = await differences(fresh);
    if (!check && changed.length > 0) {
      await rm(GENERATED, { recursive: true, force: true });
      await cp(fresh, GENERATED, { recursive: true });
    }
    return changed.map((file) => relative(ROOT, join(GENERATED, file)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files that are missing, superfluous or different in the committed code. */
async function differences(fresh) {
  const names = new Set([...(await filesIn(fresh)), ...(await filesIn(GENERATED))]);
  const changed = [];
  for (const name of [...names].toSorted()) {
    const [a, b] = await Promise.all([read(join(fresh, name)), read(join(GENERATED, name))]);
    if (a !== b) changed.push(name);
  }
  return changed;
}

async function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const read = async (file) => (existsSync(file) ? readFile(file, 'utf8') : undefined);
