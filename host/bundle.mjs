// Before `npm pack`: what a start needs becomes a handful of files. To find and read 310 of them one by one, ours and those of
// zod, takes two fifths of its time. Other packages stay what they are, and so does all that a connector's thread shares with the
// connector.

import { copyFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { putInPlace } from '@automate/tooling/put-in-place';
import { build } from 'esbuild';

const BUNDLE = join(import.meta.dirname, 'bundle');
const MADE = await mkdtemp(join(import.meta.dirname, 'node_modules', '.bundle-'));
const DIST = join(import.meta.dirname, 'dist');

/** What a thread or a process of a connector begins with. */
const ENTRIES = globSync('*-entry.js', { cwd: join(DIST, 'runtime') }).map((file) => file.slice(0, -'.js'.length));

/** What the host's own threads begin with, named by the file that starts them and lies beside them. */
const OWN_ENTRIES = globSync('*/*-entry.js', { cwd: DIST, exclude: ['runtime/*'] });

/** What threads begin with that a connector starts: named by the others, which lie beside it wherever they are. */
const NESTED = 'nested-entry';

/** The entries lie beside all the rest here. */
const besideAll = {
  name: 'beside-all',
  setup({ onLoad, onEnd }) {
    const found = new Set();
    onLoad({ filter: /[/\\]bodies[/\\][^/\\]+\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(/'\.\.\/([\w-]+-entry)\.js'/g, (_text, entry) => {
        found.add(entry);
        return `'./${entry}.js'`;
      }),
    }));
    onEnd(() => {
      const lost = ENTRIES.filter((entry) => entry !== NESTED && !found.has(entry));
      if (lost.length > 0) throw new Error(`no file of runtime/bodies begins ${lost.join(', ')}`);
    });
  },
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
  absWorkingDir: DIST,
  outdir: MADE,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
};

await build({
  ...shared,
  entryPoints: { index: 'index.js', main: 'cli/main.js' },
  plugins: [packages, besideAll],
});
await build({
  ...shared,
  entryPoints: [
    ...ENTRIES.map((entry) => ({ in: `runtime/${entry}.js`, out: entry })),
    ...OWN_ENTRIES.map((entry) => ({ in: entry, out: basename(entry, '.js') })),
  ],
  packages: 'external',
});
const { resolve } = createRequire(import.meta.url);
await copyFile(join(dirname(resolve('zod/package.json')), 'LICENSE'), join(MADE, 'LICENSE-zod'));
const command = await readFile(join(import.meta.dirname, 'bin/automate.js'), 'utf8');
await writeFile(join(MADE, 'automate.js'), command.replaceAll('../dist/cli/main.js', './main.js'), { mode: 0o755 });
putInPlace(MADE, BUNDLE);
