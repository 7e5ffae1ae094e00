import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from '../run.mjs';

/** Every package of the workspace that is published: its folder, and its manifest. */
async function publishablePackages() {
  const folders = ['host'];
  for (const group of ['packages', 'plugins']) {
    for (const name of await readdir(join(ROOT, group))) folders.push(join(group, name));
  }
  const found = [];
  for (const folder of folders.toSorted()) {
    const manifest = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
    if (manifest.private !== true) found.push({ folder, manifest });
  }
  return found;
}

/** What a published package has no use for: sources of tests, the compiler's notes. Templates are for their tests, too. */
async function strayFiles(tarball) {
  const { output } = await run('tar', ['-tzf', tarball]);
  return output
    .split('\n')
    .filter((file) => !file.startsWith('package/templates/'))
    .filter((file) => /\.tsbuildinfo$|\.test\.|^package\/(test|src|bench|node_modules)\//.test(file));
}

/** Packs one package as it would be published and lets publint and attw read the tarball. */
async function checkPackage({ folder, manifest }, { pnpm, tarballs }) {
  const failed = (what, { output }) => ({ failure: `${manifest.name}: ${what}`, output });
  const packed = await run('npx', ['-y', pnpm, 'pack', '--pack-destination', tarballs], { cwd: join(ROOT, folder) });
  if (packed.status !== 0) return failed('pnpm pack failed', packed);
  const tarball = join(tarballs, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
  const stray = await strayFiles(tarball);
  if (stray.length > 0) return failed('packs files that nobody needs', { output: stray.join('\n') });
  const lint = await run('publint', ['run', tarball, '--strict']);
  if (lint.status !== 0) return failed('publint objects', lint);
  const types = await run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
  if (types.status !== 0) return failed('its types do not resolve (attw)', types);
  return undefined;
}

/** What strangers will install: each publishable package is packed and read by publint and attw. One test per package. */
export async function runPackages() {
  const started = Date.now();
  const tarballs = await mkdtemp(join(tmpdir(), 'automate-pack-'));
  try {
    const { packageManager: pnpm } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const result = { name: 'packages', passed: 0, failures: [], skipped: [], output: '' };
    const left = await publishablePackages();
    const checkLeft = async () => {
      for (let found = left.shift(); found !== undefined; found = left.shift()) {
        const problem = await checkPackage(found, { pnpm, tarballs });
        if (problem === undefined) result.passed += 1;
        else {
          result.failures.push(problem.failure);
          result.output += `${problem.output.trimEnd()}\n`;
        }
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, checkLeft));
    return { ...result, seconds: (Date.now() - started) / 1000 };
  } finally {
    await rm(tarballs, { recursive: true, force: true });
  }
}
