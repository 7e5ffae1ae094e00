// Before `npm pack`: grpc-js and its types become one file each. Installed as it is, grpc-js brings its loader of `.proto`
// files, which only its channelz and ORCA services use, and with it a script at install, which pnpm refuses until a line
// of the user's project allows it; and a bundle of ES modules cannot hold its `require` of Node's modules.

import { copyFile, mkdtemp } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { putInPlace } from '@automate/tooling/put-in-place';
import { rolldown } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { dts } from 'rolldown-plugin-dts';

const BUNDLE = join(import.meta.dirname, 'bundle');
const MADE = await mkdtemp(join(import.meta.dirname, 'node_modules', '.bundle-'));
const LOADER = '@grpc/proto-loader';

/** Stands in for what is left out. */
const withoutLoader = {
  name: 'without-loader',
  resolveId: (id) => (id === LOADER ? id : null),
  load: (id) =>
    id === LOADER
      ? `export function loadSync() { throw new Error('@automate/grpc has no channelz and no ORCA service'); }`
      : null,
};

async function write(input, { plugins, external = [] }) {
  const bundle = await rolldown({
    input: { index: join(import.meta.dirname, input) },
    platform: 'node',
    plugins,
    external,
  });
  await bundle.write({ dir: MADE, format: 'esm' });
}

/** The licences of what the bundle holds, which have to go along. */
async function copyLicences() {
  const grpc = createRequire(createRequire(import.meta.url).resolve('@grpc/grpc-js/package.json'));
  for (const name of ['@grpc/grpc-js', '@js-sdsl/ordered-map']) {
    const folder = name === '@grpc/grpc-js' ? dirname(grpc.resolve('./package.json')) : licenceFolder(grpc, name);
    await copyFile(join(folder, 'LICENSE'), join(MADE, `LICENSE-${name.split('/').at(-1)}`));
  }
}

function licenceFolder(require, name) {
  return require.resolve(name).replace(new RegExp(`(${name})/.*$`), '$1');
}

const builtins = builtinModules.flatMap((name) => [name, `node:${name}`]);
await write('src/index.ts', { plugins: [withoutLoader, esmExternalRequirePlugin({ external: builtins })] });
await write('dist/index.d.ts', {
  plugins: [dts({ dtsOnly: true, generator: 'oxc', tsconfig: false })],
  external: [LOADER],
});
await copyLicences();
putInPlace(MADE, BUNDLE);
