import { existsSync, promises, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/**
 * How other plugin hosts look for their packages, written anew after what their sources do, with our field in the place
 * of theirs. Only the looking is here: what they do with a package once they have it (most of them run it) is left out,
 * which is to their advantage. Each returns how many connector packages it found.
 */

/**
 * n8n: asks fast-glob for directories by name (`n8n-nodes-*` at the top and in each scope, one search after the other), then reads
 * the package.json of what has the right name, one at a time. Packages of any other name are not found.
 */
export async function n8n() {
  const { default: glob } = await import('fast-glob');
  return async (root) => {
    const cwd = join(root, 'node_modules');
    const names = [
      ...(await glob('connector-*', { cwd, onlyDirectories: true, deep: 1 })),
      ...(await glob('@*/connector-*', { cwd, onlyDirectories: true, deep: 2 })),
    ];
    let found = 0;
    for (const name of names) {
      const manifest = JSON.parse(await promises.readFile(join(cwd, name, 'package.json'), 'utf8'));
      if (manifest.automate) found++;
    }
    return found;
  };
}

/**
 * Node-RED: lists node_modules and goes into each scope; asks of every directory whether it has a node_modules of its own and
 * whether it has a package.json, and loads that with `require`. All of it waits, nothing overlaps.
 */
export function nodeRed() {
  const require = createRequire(import.meta.url);
  const scan = (directory) => {
    let found = 0;
    for (const name of readdirSync(directory)) {
      if (name.startsWith('@')) {
        found += scan(join(directory, name));
        continue;
      }
      const file = join(directory, name, 'package.json');
      existsSync(join(directory, name, 'node_modules'));
      if (existsSync(file) && typeof require(file).automate === 'object') found++;
    }
    return found;
  };
  return (root) => scan(join(root, 'node_modules'));
}

/**
 * Backstage: takes the root's dependencies, resolves `name/package.json` for each with `require.resolve` (a package whose `exports`
 * leave that out is skipped) and loads it with `require`. Direct dependencies only.
 */
export function backstage() {
  const require = createRequire(import.meta.url);
  return (root) => {
    let found = 0;
    for (const name of Object.keys(require(join(root, 'package.json')).dependencies)) {
      try {
        const manifest = require(require.resolve(`${name}/package.json`, { paths: [root] }));
        if (manifest.automate) found++;
      } catch (error) {
        if (error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
      }
    }
    return found;
  };
}

/**
 * oclif: takes the root's dependencies whose names match the root's patterns; for each, all at once, resolves its main module with
 * `require.resolve`, climbs from there to the directory that bears the package's name, and reads package.json and the command
 * manifest beside it. Direct dependencies of the right name only.
 */
export function oclif() {
  const require = createRequire(import.meta.url);
  const load = async (name, root) => {
    let directory = dirname(require.resolve(name, { paths: [root] }));
    while (!directory.endsWith(basename(name))) directory = dirname(directory);
    const manifest = JSON.parse(await promises.readFile(join(directory, 'package.json'), 'utf8'));
    await promises.readFile(join(directory, 'oclif.manifest.json'), 'utf8').catch(() => undefined);
    return manifest.automate === undefined ? 0 : 1;
  };
  return async (root) => {
    const project = JSON.parse(await promises.readFile(join(root, 'package.json'), 'utf8'));
    const names = Object.keys(project.dependencies).filter((name) => /^(?:@[^/]+\/)?connector-/.test(name));
    const found = await Promise.all(names.map((name) => load(name, root)));
    return found.reduce((sum, one) => sum + one, 0);
  };
}

/** The loop that comes to mind first: read and parse everything. */
export function readAndParse() {
  const scan = (directory) => {
    let found = 0;
    for (const name of readdirSync(directory)) {
      if (name.startsWith('@')) found += scan(join(directory, name));
      else if (JSON.parse(readFileSync(join(directory, name, 'package.json'), 'utf8')).automate) found++;
    }
    return found;
  };
  return (root) => scan(join(root, 'node_modules'));
}
