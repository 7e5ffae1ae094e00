import { chmodSync, closeSync, constants, existsSync, openSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { PluginEntry } from '@automate/contract';
import { discover } from '../../../src/plugins/compatibility/discover.ts';
import { asNobody } from '../discovery/as-nobody.ts';
import { mkfifoSync } from '../discovery/make-fifo.ts';
import type { TemporaryTree } from '../discovery/temporary-tree.ts';
import { connector, manifest, temporaryTree } from '../discovery/temporary-tree.ts';

const MEGABYTE = 1024 * 1024;

/** Each makes a package that is wrong in its own way, and says what the report must say of it. */
const ODD_PACKAGES: readonly {
  readonly name: string;
  readonly make: (tree: TemporaryTree, directory: string) => void;
  readonly path?: string;
  readonly received: string | RegExp;
}[] = [
  {
    name: 'malformed',
    make: (tree, at) => tree.write({ [`${at}/package.json`]: '{\n  "automate": {"connectors": {}\n' }),
    received: 'the end of the file at line 3, column 1',
  },
  {
    name: 'cut-short',
    make: (tree, at) => tree.write({ [`${at}/package.json`]: '{"name": "cut-short", "vers' }),
    received: 'the end of the file at line 1, column 28',
  },
  { name: 'empty', make: (tree, at) => tree.write({ [`${at}/package.json`]: '' }), received: 'an empty file' },
  { name: 'no-file', make: (tree, at) => tree.write({ [`${at}/index.js`]: '' }), received: 'nothing' },
  {
    name: 'a-directory',
    make: (tree, at) => tree.write({ [`${at}/package.json/index.js`]: '' }),
    received: 'a directory',
  },
  {
    name: 'a-pipe',
    make: (tree, at) => {
      tree.write({ [`${at}/index.js`]: '' });
      mkfifoSync(tree.path(at, 'package.json'));
    },
    received: 'a pipe',
  },
  {
    name: 'a-device',
    make: (tree, at) => tree.write({ [`${at}/package.json`]: { link: '/dev/zero' } }),
    received: 'a device or socket',
  },
  {
    name: 'dangling',
    make: (tree, at) => tree.write({ [at]: { link: '../nowhere' } }),
    received: 'a symbolic link that leads nowhere (ENOENT)',
  },
  {
    name: 'looping',
    make: (tree, at) => tree.write({ [at]: { link: './looping' } }),
    received: 'symbolic links that lead in a circle (ELOOP)',
  },
  { name: 'a-file', make: (tree, at) => tree.write({ [at]: '"automate"' }), received: 'a file' },
  {
    name: 'huge',
    make: (tree, at) => {
      tree.write({
        [`${at}/package.json`]: manifest('huge', { huge: './x.js' }, { padding: 'x'.repeat(10 * MEGABYTE) }),
      });
    },
    received: /^10\d\d\d KiB$/,
  },
  {
    name: 'gigantic',
    make: (tree, at) => tree.write({ [`${at}/package.json`]: `{"padding": "${'x'.repeat(50 * MEGABYTE)}"}` }),
    received: /^\d+ KiB$/,
  },
  {
    name: 'misnamed',
    make: (tree, at) => tree.write(connector(at, 'another-name', 'misnamed')),
    path: 'name',
    received: '"another-name"',
  },
  {
    name: 'utf-16',
    make: (tree, at) =>
      tree.write({ [`${at}/package.json`]: Buffer.from('{"automate":{"connectors":{}}}', 'utf16le') }),
    received: /line 1, column 2$/,
  },
  {
    name: 'escaping',
    make: (tree, at) =>
      tree.write({
        [`${at}/package.json`]: manifest('escaping', { escaping: '../outside.js' }),
        'node_modules/outside.js': '',
      }),
    path: 'automate.connectors.escaping',
    received: /^"\.\.\/outside\.js", which is .*node_modules\/outside\.js$/,
  },
  {
    name: 'linked-out',
    make: (tree, at) =>
      tree.write({
        [`${at}/package.json`]: manifest('linked-out', { linked: './lib/adapter.js' }),
        'secret/adapter.js': '',
        [`${at}/lib`]: { link: '../../secret' },
      }),
    path: 'automate.connectors.linked',
    received: /really .*\/secret\/adapter\.js$/,
  },
  {
    name: 'no-entry',
    make: (tree, at) => tree.write({ [`${at}/package.json`]: manifest('no-entry', { lost: './dist/adapter.js' }) }),
    path: 'automate.connectors.lost',
    received: /^nothing at .*dist\/adapter\.js$/,
  },
  {
    name: 'bad-kind',
    make: (tree, at) => tree.write({ ...connector(at, 'bad-kind', 'Bad-Kind') }),
    path: 'automate.connectors.Bad-Kind',
    received: '"Bad-Kind"',
  },
  {
    name: 'proto',
    make: (tree, at) =>
      tree.write({
        [`${at}/package.json`]: '{"name":"proto","version":"1.0.0","automate":{"connectors":{"__proto__":"./x.js"}}}',
      }),
    path: 'automate.connectors.__proto__',
    received: '"__proto__"',
  },
  {
    name: 'twice',
    make: (tree, at) =>
      tree.write({
        [`${at}/package.json`]:
          '{"name":"twice","version":"1.0.0","automate":{"connectors":{"a":"./x.js","a":"./y.js"}}}',
        [`${at}/y.js`]: '',
      }),
    path: 'automate.connectors.a',
    received: 'the name twice',
  },
  {
    name: 'bad-range',
    make: (tree, at) => tree.write(connector(at, 'bad-range', 'ranged', { engines: { automate: 'newest' } })),
    path: 'engines.automate',
    received: '"newest"',
  },
  {
    name: 'evil-range',
    make: (tree, at) =>
      tree.write(connector(at, 'evil-range', 'ranged', { engines: { automate: '1'.repeat(10_000) } })),
    path: 'engines.automate',
    received: '10000 characters',
  },
];

function oddTree(odd: typeof ODD_PACKAGES): TemporaryTree {
  const names = [...odd.map(({ name }) => name), 'good', '@acme/good', 'bom', 'hidden', 'foreign', 'large-foreign'];
  const tree = temporaryTree({
    'package.json': { name: 'app', dependencies: Object.fromEntries(names.map((name) => [name, '*'])) },
    ...connector('node_modules/good', 'good', 'good'),
    ...connector('node_modules/@acme/good', '@acme/good', 'acme_good'),
    ...connector('node_modules/hidden', 'hidden', 'hidden', {
      exports: { '.': './adapter.js', './package.json': null },
    }),
    'node_modules/bom/package.json': `\u{feff}${JSON.stringify(manifest('bom', { bom: './bom.js' }))}`,
    'node_modules/bom/bom.js': '',
    'node_modules/foreign/package.json': { name: 'foreign' },
    'node_modules/large-foreign/package.json': { name: 'large-foreign', padding: 'x'.repeat(MEGABYTE) },
  });
  for (const { name, make } of odd) make(tree, `node_modules/${name}`);
  return tree;
}

function entryOf(plugins: readonly PluginEntry[], name: string): PluginEntry | undefined {
  return plugins.find((plugin) => plugin.package === name);
}

describe('a node_modules full of odd packages', () => {
  it.each([{}, { full: true }, { scan: 'all' as const }])(
    'gives one entry to each, and the good ones are there, under %j',
    (options) => {
      using tree = oddTree(ODD_PACKAGES);
      const { report, declarations } = discover({ root: tree.root, hostVersion: '1.0.0', ...options });

      expect([...declarations.keys()].toSorted()).toEqual(['acme_good', 'bom', 'good', 'hidden']);
      expect(report.problems).toEqual([]);
      const expected = [...ODD_PACKAGES.map(({ name }) => name), 'good', '@acme/good', 'bom', 'hidden'];
      expect(report.plugins.map((plugin) => plugin.package)).toEqual(expected.toSorted());
      expect(report.plugins.filter(({ status }) => status === 'problem')).toHaveLength(ODD_PACKAGES.length);
    },
  );

  it.each(ODD_PACKAGES)('says what is wrong with $name', (odd) => {
    using tree = oddTree([odd]);
    const entry = entryOf(discover({ root: tree.root, hostVersion: '1.0.0' }).report.plugins, odd.name);
    expect(entry).toMatchObject({
      status: 'problem',
      reason: 'problem',
      problems: [
        {
          package: odd.name,
          path: odd.path ?? 'package.json',
          received: odd.received instanceof RegExp ? expect.stringMatching(odd.received) : odd.received,
          expected: expect.stringMatching(/./),
          remedy: expect.stringMatching(/./),
        },
      ],
    });
    expect(entry?.message).toContain('cannot be used: ');
  });

  it('reads a pipe that someone writes to no further than it must', () => {
    using tree = temporaryTree({ 'package.json': { dependencies: { piped: '1' } }, 'node_modules/piped/index.js': '' });
    const pipe = tree.path('node_modules/piped/package.json');
    mkfifoSync(pipe);
    // Opened for both ends, so that a writer is there and silent.
    using writer = openBothEnds(pipe);
    expect(writer.descriptor).toBeGreaterThan(0);
    expect(discover({ root: tree.root, hostVersion: '1.0.0' }).report.plugins).toMatchObject([
      { package: 'piped', problems: [{ received: 'a pipe' }] },
    ]);
  });

  it.each(['node_modules/locked/package.json', 'node_modules/locked', 'node_modules/@acme'])(
    'says that %s may not be read, and reads the rest',
    (path) => {
      using tree = temporaryTree({
        'package.json': { dependencies: { locked: '1', '@acme/locked': '1', good: '1' } },
        ...connector('node_modules/locked', 'locked', 'locked'),
        ...connector('node_modules/@acme/locked', '@acme/locked', 'acme_locked'),
        ...connector('node_modules/good', 'good', 'good'),
      });
      chmodSync(tree.root, 0o755);
      chmodSync(tree.path(path), 0);
      const name = path.includes('@acme') ? '@acme/locked' : 'locked';
      const { report, declarations } = asNobody(() => discover({ root: tree.root, hostVersion: '1.0.0' }));
      expect(entryOf(report.plugins, name)).toMatchObject({
        status: 'problem',
        problems: [{ blame: 'operator', received: expect.stringContaining('EACCES') }],
      });
      expect([...declarations.keys()]).toContain('good');
      expect(declarations.size).toBe(2);
      const everything = asNobody(() => discover({ root: tree.root, hostVersion: '1.0.0', scan: 'all' })).report;
      expect(JSON.stringify(everything)).toContain('EACCES');
    },
  );

  it('reads nothing of what a package would run', () => {
    using tree = temporaryTree({
      'package.json': { dependencies: { eager: '1' } },
      'node_modules/eager/package.json': manifest('eager', { eager: './adapter.js' }, { main: './adapter.js' }),
    });
    const mark = tree.path('was-run');
    writeFileSync(
      tree.path('node_modules/eager/adapter.js'),
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(mark)}, '');\nthrow new Error('run');\n`,
    );
    expect([...discover({ root: tree.root, hostVersion: '1.0.0', full: true }).declarations.keys()]).toEqual(['eager']);
    expect(existsSync(mark)).toBe(false);
  });
});

function openBothEnds(path: string): Disposable & { readonly descriptor: number } {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}
