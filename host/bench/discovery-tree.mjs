import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const FOREIGN_PACKAGES = 5000;
export const CONNECTORS = 20;

/** Other packages that the project asks for by name, as any project does. */
const DIRECT_FOREIGN_PACKAGES = 20;

/** Every third package has a scope, of which there are this many. */
const SCOPES = 60;

/**
 * Builds a project with a flat node_modules: thousands of packages that are not about connectors, and a few that are.
 * The sizes of their package.json files are those of real ones: most between half a kilobyte and four.
 */
export function buildTree() {
  const root = mkdtempSync(join(tmpdir(), 'automate-bench-discovery-'));
  const dependencies = {};
  for (let index = 0; index < FOREIGN_PACKAGES; index++) {
    const name = foreignName(index);
    writePackage(root, name, foreignManifest(name, index));
    if (index % (FOREIGN_PACKAGES / DIRECT_FOREIGN_PACKAGES) === 0) dependencies[name] = '^1.0.0';
  }
  for (let index = 0; index < CONNECTORS; index++) {
    const name = index % 2 === 0 ? `connector-${index}` : `@acme-${index}/connector-${index}`;
    writePackage(root, name, connectorManifest(name, index));
    mkdirSync(join(root, 'node_modules', name, 'dist'));
    writeFileSync(join(root, 'node_modules', name, 'dist/adapter.js'), 'export default class {}\n');
    dependencies[name] = '^1.0.0';
  }
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: 'project', version: '1.0.0', dependencies }, null, 2),
  );
  return root;
}

function foreignName(index) {
  return index % 3 === 0 ? `@scope-${index % SCOPES}/package-${index}` : `package-${index}`;
}

function writePackage(root, name, manifest) {
  const directory = join(root, 'node_modules', name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(join(directory, 'index.js'), '');
}

function foreignManifest(name, index) {
  const scripts = Object.fromEntries(
    Array.from({ length: index % 9 }, (_, each) => [`task-${each}`, `tool --option ${each} && other --more`]),
  );
  const dependencies = Object.fromEntries(
    Array.from({ length: index % 23 }, (_, each) => [`package-${(index * 7 + each) % 4999}`, '^1.2.3']),
  );
  const exports = Object.fromEntries(
    Array.from({ length: index % 5 }, (_, each) => [
      `./part-${each}`,
      { types: `./part-${each}.d.ts`, import: `./part-${each}.mjs`, default: `./part-${each}.js` },
    ]),
  );
  return {
    name,
    version: `1.${index % 10}.${index % 7}`,
    description: 'A package that has nothing to do with connectors, like nearly all of them.',
    keywords: ['one', 'two', 'three'],
    license: 'MIT',
    repository: { type: 'git', url: `git+https://example.com/${name}.git` },
    main: './index.js',
    engines: { node: '>=18' },
    ...(index % 4 === 0 ? {} : { exports: { '.': './index.js', './package.json': './package.json', ...exports } }),
    scripts,
    dependencies,
    devDependencies: dependencies,
  };
}

function connectorManifest(name, index) {
  return {
    ...foreignManifest(name, index + 4),
    keywords: ['automate-connector'],
    exports: { '.': './dist/adapter.js', './package.json': './package.json' },
    engines: { automate: '^1.0.0' },
    peerDependencies: { '@automate/sdk': '^1.0.0' },
    automate: {
      connectors: { [`kind_${index}`]: { entry: './dist/adapter.js', type: 'custom', title: `Kind ${index}` } },
    },
  };
}
