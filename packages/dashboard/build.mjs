// Builds the page to static files: `index.html`, and `assets/` whose names hold a hash of what is in them.

import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = import.meta.dirname;
const STAMP = '.built-from';

/** Everything that decides what the page looks like. */
function fingerprint() {
  const files = globSync(['index.html', 'package.json', 'build.mjs', 'src/**/*'], { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(`\0${file.slice(ROOT.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function isBuilt(outDir, wanted) {
  try {
    return readFileSync(join(outDir, STAMP), 'utf8') === wanted;
  } catch {
    return false;
  }
}

/** The licences of what others wrote and the page holds. */
function licensesOf(output) {
  const modules = output.flatMap((chunk) => ('moduleIds' in chunk ? chunk.moduleIds : []));
  const folders = modules.map((id) => /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+(?=[/\\])/.exec(id)?.[0]);
  const texts = [...new Set(folders.filter((folder) => folder !== undefined))].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = ['LICENSE', 'LICENSE.md', 'license']
      .map((each) => join(folder, each))
      .find((each) => existsSync(each));
    return `${name} ${version}\n\n${file === undefined ? license : readFileSync(file, 'utf8').trim()}\n`;
  });
  return texts.join('\n---\n\n');
}

/**
 * Builds the page into a folder, which it empties first. Gives false where what lies there was built from the same sources.
 *
 * @param {string} outDir
 * @returns {Promise<boolean>}
 */
export async function buildPage(outDir) {
  const wanted = fingerprint();
  if (isBuilt(outDir, wanted)) return false;
  const { build } = await import('vite');
  const { output } = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    base: './',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // The policy allows no inline scripts, and there is one script.
      modulePreload: false,
      assetsInlineLimit: 0,
      sourcemap: false,
    },
  });
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'LICENSES'), licensesOf(output));
  await writeFile(join(outDir, STAMP), wanted);
  return true;
}
