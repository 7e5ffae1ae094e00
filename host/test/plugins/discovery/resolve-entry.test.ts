import { describe, expect, it } from '@jest/globals';
import { mkfifoSync } from './make-fifo.ts';
import { resolveEntry } from '../../../src/plugins/discovery/resolve-entry.ts';
import type { ResolvedFile } from '../../../src/plugins/discovery/resolve-entry.ts';
import type { Files, TemporaryTree } from './temporary-tree.ts';
import { temporaryTree } from './temporary-tree.ts';

const FILES: Files = {
  'outside.js': '',
  'elsewhere/deep.js': '',
  'package-evil/adapter.js': '',
  'package/dist/adapter.js': '',
  'package/dist/adapter.mjs': '',
  'package/dist/adapter.cjs': '',
  'package/dist/..odd.js': '',
  'package/dist/with space.js': '',
  'package/dist/data.json': {},
  'package/dist/addon.node': '',
  'package/dist/plain': '',
  'package/src/adapter.ts': '',
  'package/node_modules/inner/adapter.ts': '',
  'package/inside.js': { link: './dist/adapter.js' },
  'package/linked-file.js': { link: '../outside.js' },
  'package/linked-dir': { link: '../elsewhere' },
  'package/dangling.js': { link: './nowhere.js' },
  'package/loop.js': { link: './loop.js' },
};

function resolveIn(tree: TemporaryTree, entry: string): ResolvedFile {
  return resolveEntry({ packageDir: tree.path('package'), entry, path: 'automate.connectors.a' });
}

describe('an entry inside its package', () => {
  it.each([
    ['./dist/adapter.js', 'dist/adapter.js'],
    ['dist/adapter.js', 'dist/adapter.js'],
    ['./dist/../dist/./adapter.js', 'dist/adapter.js'],
    ['./dist/adapter.mjs', 'dist/adapter.mjs'],
    ['./dist/adapter.cjs', 'dist/adapter.cjs'],
    ['./dist/..odd.js', 'dist/..odd.js'],
    ['./dist/with space.js', 'dist/with space.js'],
    ['./inside.js', 'dist/adapter.js'],
    ['./dist/adapter.js/', 'dist/adapter.js'],
    ['./src/adapter.ts', 'src/adapter.ts'],
  ])('%s is found at its real path', (entry, expected) => {
    using tree = temporaryTree(FILES);
    expect(resolveIn(tree, entry)).toEqual({ ok: true, path: tree.path('package', expected) });
  });
});

describe('an entry that leads out of its package', () => {
  it.each([
    ['../outside.js', '"../outside.js", which is <root>/outside.js'],
    ['./dist/../../outside.js', '"./dist/../../outside.js", which is <root>/outside.js'],
    ['../package-evil/adapter.js', '"../package-evil/adapter.js", which is <root>/package-evil/adapter.js'],
    ['./linked-file.js', '"./linked-file.js", which is really <root>/outside.js'],
    ['./linked-dir/deep.js', '"./linked-dir/deep.js", which is really <root>/elsewhere/deep.js'],
    ['/etc/passwd', '"/etc/passwd"'],
    [String.raw`C:\evil.js`, String.raw`"C:\\evil.js"`],
    [String.raw`..\outside.js`, String.raw`"..\\outside.js"`],
    ['file:///etc/passwd', '"file:///etc/passwd"'],
    ['data:text/javascript,0', '"data:text/javascript,0"'],
    ['https://example.com/x.js', '"https://example.com/x.js"'],
    ['node:fs', '"node:fs"'],
    ['./dist/adapter.js\0.js', String.raw`"./dist/adapter.js\u0000.js"`],
    ['.', '".", which is <root>/package'],
    ['..', '"..", which is <root>'],
  ])('%j is refused with the path it really has', (entry, received) => {
    using tree = temporaryTree(FILES);
    expect(resolveIn(tree, entry)).toMatchObject({
      ok: false,
      fault: {
        path: 'automate.connectors.a',
        expected: 'a path inside the package',
        received: received.replaceAll('<root>', tree.root),
        blame: 'plugin',
      },
    });
  });
});

describe('an entry that cannot be run', () => {
  it.each([
    ['./dist/missing.js', true, 'a file that exists', 'nothing at <package>/dist/missing.js'],
    ['./dist/%2e%2e/adapter.js', true, 'a file that exists', 'nothing at <package>/dist/%2e%2e/adapter.js'],
    ['./dist', false, 'a file', '<package>/dist, which is none'],
    ['./dangling.js', false, 'a file', '<package>/dangling.js, a symbolic link that leads nowhere (ENOENT)'],
    ['./loop.js', false, 'a file', '<package>/loop.js, a symbolic link that leads nowhere (ELOOP)'],
    ['./dist/adapter.js/more.js', false, 'a file that can be reached', '<package>/dist/adapter.js/more.js (ENOTDIR)'],
    [`./${'x'.repeat(300)}.js`, false, 'a file that can be reached', `<package>/${'x'.repeat(300)}.js (ENAMETOOLONG)`],
    ['./dist/data.json', false, 'a JavaScript module (.js, .mjs, .cjs)', '<package>/dist/data.json'],
    ['./dist/addon.node', false, 'a JavaScript module (.js, .mjs, .cjs)', '<package>/dist/addon.node'],
    ['./dist/plain', false, 'a JavaScript module (.js, .mjs, .cjs)', '<package>/dist/plain'],
    [
      './node_modules/inner/adapter.ts',
      false,
      'a JavaScript module (.js, .mjs, .cjs)',
      '<package>/node_modules/inner/adapter.ts',
    ],
  ])('%s is refused', (entry, missing, expected, received) => {
    using tree = temporaryTree(FILES);
    const resolved = resolveIn(tree, entry);
    expect(resolved).toMatchObject({
      ok: false,
      missing,
      fault: { expected, received: received.replaceAll('<package>', tree.path('package')) },
    });
  });

  it('is refused when it is a pipe, without waiting for a writer', () => {
    using tree = temporaryTree(FILES);
    mkfifoSync(tree.path('package', 'pipe.js'));
    expect(resolveIn(tree, './pipe.js')).toMatchObject({ ok: false, fault: { expected: 'a file' } });
  });
});
