// Before `npm pack`: our modules become a handful of files. A start needs 170 of them, and to find and read each by itself takes
// a quarter of it. Packages stay packages, as what a connector throws and what an embedding program catches is of one contract.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const BUNDLE = join(import.meta.dirname, 'bundle');

/** The file with one text for another, which has to be there once. */
async function readChanged(file, was, is) {
  const parts = (await readFile(file, 'utf8')).split(was);
  if (parts.length !== 2) throw new Error(`${file}: expected ${was} once, found it ${parts.length - 1} times`);
  return parts.join(is);
}

/** The thread's entry lies beside all the rest here. */
const besideAll = {
  name: 'beside-all',
  setup: ({ onLoad }) =>
    onLoad({ filter: /thread-body\.js$/ }, async ({ path }) => ({
      contents: await readChanged(path, "'../worker-entry.js'", "'./worker-entry.js'"),
    })),
};

await rm(BUNDLE, { recursive: true, force: true });
await build({
  absWorkingDir: join(import.meta.dirname, 'dist'),
  entryPoints: { index: 'index.js', main: 'cli/main.js', 'worker-entry': 'runtime/worker-entry.js' },
  outdir: BUNDLE,
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  plugins: [besideAll],
});
const command = await readChanged(
  join(import.meta.dirname, 'bin/automate.js'),
  "import('../dist/cli/main.js')",
  "import('./main.js')",
);
await writeFile(join(BUNDLE, 'automate.js'), command, { mode: 0o755 });
