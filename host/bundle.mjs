// Before `npm pack`: what a start needs becomes a handful of files. To find and read 310 of them one by one, ours and those of
// zod, takes two fifths of its time. Other packages stay what they are, and so does all that a connector's thread shares with the
// connector.

import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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

/** Our contract and its zod come in; of zod the languages that nobody chooses stay out. */
const packages = {
  name: 'packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || /^(@automate\/contract|zod)(\/|$)/.test(path) ? undefined : { path, external: true },
    );
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

const shared = {
  absWorkingDir: join(import.meta.dirname, 'dist'),
  outdir: BUNDLE,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
};

await rm(BUNDLE, { recursive: true, force: true });
await build({
  ...shared,
  entryPoints: { index: 'index.js', main: 'cli/main.js' },
  plugins: [packages, besideAll],
});
await build({ ...shared, entryPoints: { 'worker-entry': 'runtime/worker-entry.js' }, packages: 'external' });
const { resolve } = createRequire(import.meta.url);
await copyFile(join(dirname(resolve('zod/package.json')), 'LICENSE'), join(BUNDLE, 'LICENSE-zod'));
const command = await readChanged(
  join(import.meta.dirname, 'bin/automate.js'),
  "import('../dist/cli/main.js')",
  "import('./main.js')",
);
await writeFile(join(BUNDLE, 'automate.js'), command, { mode: 0o755 });
