import { describe, expect, it } from '@jest/globals';
import type { FoundPackages } from '../../../src/plugins/discovery/find-packages.ts';
import { findPackages } from '../../../src/plugins/discovery/find-packages.ts';
import type { TemporaryTree } from './temporary-tree.ts';
import { connector, manifest, temporaryTree } from './temporary-tree.ts';

/** Name → real directory below the tree. */
function places(tree: TemporaryTree, { packages }: FoundPackages): Readonly<Record<string, string>> {
  return Object.fromEntries(packages.map(({ name, realDir }) => [name, realDir.replace(`${tree.root}/`, '')]));
}

const FOREIGN = { name: 'foreign', version: '1.0.0', main: 'index.js' };

describe('in a flat node_modules, as npm makes it', () => {
  const files = {
    'package.json': { name: 'app', dependencies: { 'connector-a': '1', '@acme/connector-b': '1', foreign: '1' } },
    ...connector('node_modules/connector-a', 'connector-a', 'a'),
    ...connector('node_modules/@acme/connector-b', '@acme/connector-b', 'b'),
    ...connector('node_modules/connector-hoisted', 'connector-hoisted', 'hoisted'),
    ...connector('node_modules/foreign/node_modules/connector-nested', 'connector-nested', 'nested'),
    'node_modules/foreign/package.json': FOREIGN,
    'node_modules/.package-lock.json': { automate: 'not a package' },
    'node_modules/.bin/tool': '"automate"',
    'node_modules/.cache/x/package.json': manifest('x', { x: './x.js' }),
    'node_modules/empty/node_modules/y/package.json': manifest('y', { y: './y.js' }),
    'node_modules/stray-file': '"automate"',
    'node_modules/@acme/stray-file': '"automate"',
  };

  it('finds what is asked for by name, scoped or not, when only that is read', () => {
    using tree = temporaryTree(files);
    expect(places(tree, findPackages({ root: tree.root }))).toEqual({
      'connector-a': 'node_modules/connector-a',
      '@acme/connector-b': 'node_modules/@acme/connector-b',
    });
  });

  it.each([{ full: true }, { scan: 'all' as const }])(
    'finds what came along too under %j, and nothing below the top level',
    (options) => {
      using tree = temporaryTree(files);
      const found = findPackages({ root: tree.root, ...options });
      expect(Object.keys(places(tree, found)).toSorted()).toEqual([
        '@acme/connector-b',
        'connector-a',
        'connector-hoisted',
      ]);
      expect(found.problems).toEqual([]);
      expect(found.packages.map(({ name, direct }) => [name, direct]).toSorted()).toEqual([
        ['@acme/connector-b', true],
        ['connector-a', true],
        ['connector-hoisted', false],
      ]);
    },
  );

  it('says where each was found', () => {
    using tree = temporaryTree(files);
    expect(findPackages({ root: tree.root }).packages[0]).toMatchObject({
      origin: tree.path('node_modules'),
      linkedDir: tree.path('node_modules/connector-a'),
      manifest: { kind: 'text', text: expect.stringContaining('"connector-a"') },
    });
  });

  it.each(['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'])(
    'takes %s for asking by name',
    (field) => {
      using tree = temporaryTree({ ...files, 'package.json': { name: 'app', [field]: { 'connector-a': '1' } } });
      expect(Object.keys(places(tree, findPackages({ root: tree.root })))).toEqual(['connector-a']);
    },
  );
});

describe('in a node_modules of symbolic links, as pnpm makes it', () => {
  it('finds packages in the virtual store, by their real directory', () => {
    const store = 'node_modules/.pnpm/@acme+connector-b@1.2.3_@automate+sdk@1.0.0/node_modules';
    using tree = temporaryTree({
      'package.json': { name: 'app', dependencies: { 'connector-a': '1', '@acme/connector-b': '1' } },
      ...connector('node_modules/.pnpm/connector-a@1.2.3/node_modules/connector-a', 'connector-a', 'a'),
      ...connector(`${store}/@acme/connector-b`, '@acme/connector-b', 'b'),
      'node_modules/connector-a': { link: '.pnpm/connector-a@1.2.3/node_modules/connector-a' },
      'node_modules/@acme/connector-b': { link: `../../${store}/@acme/connector-b` },
      // What pnpm hoists for tools that need it is not at the top level, and nobody asked for it.
      ...connector('node_modules/.pnpm/connector-c@1.0.0/node_modules/connector-c', 'connector-c', 'c'),
      'node_modules/.pnpm/node_modules/connector-c': { link: '../connector-c@1.0.0/node_modules/connector-c' },
    });
    for (const options of [{}, { full: true }, { scan: 'all' as const }]) {
      expect(places(tree, findPackages({ root: tree.root, ...options }))).toEqual({
        'connector-a': 'node_modules/.pnpm/connector-a@1.2.3/node_modules/connector-a',
        '@acme/connector-b': `${store}/@acme/connector-b`,
      });
    }
  });

  it('finds the packages of a workspace where their sources are', () => {
    using tree = temporaryTree({
      'pnpm-workspace.yaml': 'packages: ["plugins/*"]\n',
      'package.json': { name: 'app', dependencies: { '@acme/connector-b': 'workspace:*' } },
      ...connector('plugins/b', '@acme/connector-b', 'b'),
      'node_modules/@acme/connector-b': { link: '../../plugins/b' },
    });
    expect(places(tree, findPackages({ root: tree.root }))).toEqual({ '@acme/connector-b': 'plugins/b' });
  });
});

describe('under an alias', () => {
  it.each([
    ['npm:@acme/connector-slack@^1.0.0', '@acme/connector-slack'],
    ['npm:connector-slack@1', 'connector-slack'],
    ['workspace:@acme/connector-slack@*', '@acme/connector-slack'],
    ['^1.0.0', 'slack'],
    ['workspace:^1.0.0', 'slack'],
    ['file:../slack', 'slack'],
  ])('as %s, the manifest must call the package %s', (wanted, expectedName) => {
    using tree = temporaryTree({
      'package.json': { name: 'app', dependencies: { slack: wanted } },
      ...connector('node_modules/slack', 'whatever', 'slack'),
    });
    expect(findPackages({ root: tree.root }).packages).toMatchObject([{ name: 'slack', expectedName }]);
  });
});

describe('in further directories', () => {
  const files = {
    'app/package.json': { name: 'app', dependencies: { 'connector-a': '1', hoisted: '1' } },
    ...connector('app/node_modules/connector-a', 'connector-a', 'a'),
    'package.json': { name: 'workspace', dependencies: { 'connector-own': '1' } },
    ...connector('node_modules/hoisted', 'hoisted', 'h'),
    ...connector('node_modules/connector-own', 'connector-own', 'o'),
    ...connector('node_modules/connector-other', 'connector-other', 'x'),
    ...connector('bare/node_modules/connector-bare', 'connector-bare', 'bare'),
  };

  it('finds what the project or the directory itself asks for', () => {
    using tree = temporaryTree(files);
    const found = findPackages({ root: tree.path('app'), paths: ['..'] });
    expect(Object.keys(places(tree, found)).toSorted()).toEqual(['connector-a', 'connector-own', 'hoisted']);
    expect(found.problems).toEqual([]);
  });

  it('takes everything in a directory that has no package.json for asked for', () => {
    using tree = temporaryTree(files);
    const found = findPackages({
      root: tree.path('app'),
      paths: [tree.path('bare'), '../bare', '../bare/node_modules', '..'],
    });
    expect(found.packages.filter(({ name }) => name === 'connector-bare')).toMatchObject([{ direct: true }]);
    expect(found.problems).toEqual([]);
  });

  it('says which configured directory is not there', () => {
    using tree = temporaryTree(files);
    expect(findPackages({ root: tree.path('app'), paths: ['..', 'gone'] }).problems).toMatchObject([
      { path: 'plugins.paths[1]', received: tree.path('app/gone'), blame: 'operator' },
    ]);
  });

  it('says when a configured directory holds no node_modules', () => {
    using tree = temporaryTree({ ...files, 'app/empty/README.md': '' });
    expect(findPackages({ root: tree.path('app'), paths: ['..', 'empty'] }).problems).toMatchObject([
      { path: 'node_modules', expected: `the directory ${tree.path('app/empty/node_modules')}`, received: 'nothing' },
    ]);
  });
});
