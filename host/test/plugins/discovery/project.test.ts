import { chmodSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { findPackages } from '../../../src/plugins/discovery/find-packages.ts';
import { asNobody } from './as-nobody.ts';
import { mkfifoSync } from './make-fifo.ts';
import { connector, temporaryTree } from './temporary-tree.ts';

const PACKAGE = connector('node_modules/connector-a', 'connector-a', 'a');

describe('a project without a usable package.json', () => {
  it('has no direct dependencies, and says what to do', () => {
    using tree = temporaryTree(PACKAGE);
    const { packages, problems } = findPackages({ root: tree.root, full: true });
    expect(packages).toMatchObject([{ name: 'connector-a', direct: false }]);
    expect(problems).toMatchObject([
      {
        path: 'package.json',
        expected: 'a file',
        received: 'nothing',
        blame: 'operator',
        remedy: expect.stringContaining('--project'),
      },
    ]);
  });

  it('is no trouble when everything counts', () => {
    using tree = temporaryTree(PACKAGE);
    const { packages, problems } = findPackages({ root: tree.root, scan: 'all' });
    expect(packages).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it.each([
    ['{"dependencies": {"connector-a": "1",}}', 'valid JSON: a key in double quotes', '"}}" at line 1, column 38'],
    ['', 'valid JSON: a value', 'the end of the file at line 1, column 1'],
    ['[]', 'an object', 'an array of 0'],
  ])('says what is wrong with %j', (text, expected, received) => {
    using tree = temporaryTree({ 'package.json': text, ...PACKAGE });
    expect(findPackages({ root: tree.root })).toMatchObject({
      packages: [],
      problems: [{ path: 'package.json', expected, received }],
    });
  });

  it('says so when it is a directory or a pipe, and does not wait for a writer', () => {
    using directory = temporaryTree({ 'package.json/x': '', ...PACKAGE });
    expect(findPackages({ root: directory.root }).problems).toMatchObject([
      { path: 'package.json', expected: 'a file' },
    ]);
    using pipe = temporaryTree(PACKAGE);
    mkfifoSync(pipe.path('package.json'));
    expect(findPackages({ root: pipe.root }).problems).toMatchObject([{ path: 'package.json', expected: 'a file' }]);
  });

  it('says so when it may not be read', () => {
    using tree = temporaryTree({ 'package.json': {}, ...PACKAGE });
    chmodSync(tree.root, 0o755);
    chmodSync(tree.path('package.json'), 0);
    expect(asNobody(() => findPackages({ root: tree.root })).problems).toMatchObject([
      { path: 'package.json', received: expect.stringContaining('EACCES') },
    ]);
  });

  it('does not let a name lead out of node_modules', () => {
    using tree = temporaryTree({
      'package.json': {
        dependencies: {
          '../outside': '1',
          '..': '1',
          '@a/../../outside': '1',
          '/etc': '1',
          '.bin': '1',
          'connector-a': '1',
        },
      },
      ...PACKAGE,
      ...connector('outside', 'outside', 'o'),
      ...connector('node_modules/.bin', '.bin', 'b'),
    });
    const { packages, problems } = findPackages({ root: tree.root });
    expect(packages.map(({ name }) => name)).toEqual(['connector-a']);
    expect(problems.map(({ received }) => received)).toEqual([
      '"../outside"',
      '".."',
      '"@a/../../outside"',
      '"/etc"',
      '".bin"',
    ]);
  });

  it('says which dependency field is no map, and reads the others', () => {
    using tree = temporaryTree({
      'package.json': { dependencies: ['connector-a'], devDependencies: { 'connector-a': 1 } },
      ...PACKAGE,
    });
    const { packages, problems } = findPackages({ root: tree.root });
    expect(packages).toHaveLength(1);
    expect(problems).toMatchObject([{ path: 'dependencies', received: 'an array of 1' }]);
  });
});

describe('a project without node_modules', () => {
  it.each([
    ['pnpm-lock.yaml', 'pnpm install'],
    ['yarn.lock', 'yarn install'],
    ['package-lock.json', 'npm install'],
  ])('and with %s is told to run %s', (lockfile, command) => {
    using tree = temporaryTree({ 'package.json': { dependencies: { a: '1' } }, [lockfile]: '' });
    expect(findPackages({ root: tree.root }).problems).toMatchObject([
      { path: 'node_modules', received: 'nothing', remedy: `run "${command}"` },
    ]);
  });

  it("and with Yarn's Plug'n'Play is told which setting to change", () => {
    using tree = temporaryTree({
      'package.json': { dependencies: { a: '1' } },
      'yarn.lock': '',
      '.pnp.cjs': 'throw new Error("never run")',
    });
    expect(findPackages({ root: tree.root }).problems).toMatchObject([
      { received: expect.stringContaining("Plug'n'Play"), remedy: expect.stringContaining('.yarnrc.yml') },
    ]);
  });

  it("and with pnpm's Plug'n'Play is told which setting to change", () => {
    using tree = temporaryTree({ 'package.json': { dependencies: { a: '1' } }, 'pnpm-lock.yaml': '', '.pnp.cjs': '' });
    expect(findPackages({ root: tree.root }).problems).toMatchObject([
      { remedy: expect.stringContaining('pnpm-workspace.yaml') },
    ]);
  });

  it('and without dependencies has nothing to complain about', () => {
    using tree = temporaryTree({ 'package.json': { name: 'app' } });
    expect(findPackages({ root: tree.root })).toEqual({ packages: [], problems: [] });
  });

  it('is told where its packages were hoisted to', () => {
    using tree = temporaryTree({ 'packages/app/package.json': { dependencies: { 'connector-a': '1' } }, ...PACKAGE });
    expect(findPackages({ root: tree.path('packages/app') }).problems).toMatchObject([
      {
        path: 'node_modules',
        remedy: 'add "../.." to plugins.paths in the configuration: connector-a is installed there',
      },
    ]);
    expect(findPackages({ root: tree.path('packages/app'), paths: ['../..'] })).toMatchObject({
      packages: [{ name: 'connector-a', direct: true }],
      problems: [],
    });
  });

  it('is told so when node_modules is a file', () => {
    using tree = temporaryTree({ 'package.json': { dependencies: { a: '1' } }, node_modules: '' });
    expect(findPackages({ root: tree.root, full: true }).problems).toMatchObject([{ path: 'node_modules' }]);
  });
});

describe('dependencies that are not installed', () => {
  it.each([{}, { full: true }])('are named, once for all of them, under %j', (options) => {
    const dependencies = { 'connector-a': '1', b: '1', c: '1', d: '1', e: '1' };
    using tree = temporaryTree({
      'package.json': { dependencies, devDependencies: { x: '1' }, optionalDependencies: { e: '1' } },
      'pnpm-lock.yaml': '',
      ...PACKAGE,
    });
    expect(findPackages({ root: tree.root, ...options }).problems).toEqual([
      {
        path: 'dependencies',
        expected: `every dependency in ${tree.path('node_modules')}`,
        received: 'b, c, d are missing',
        blame: 'operator',
        remedy: 'run "pnpm install"',
      },
    ]);
  });
});
