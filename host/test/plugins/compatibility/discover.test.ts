import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { PluginEntry } from '@automate/contract';
import { discover } from '../../../src/plugins/compatibility/discover.ts';
import { explainMissingKind } from '../../../src/plugins/compatibility/explain-missing-kind.ts';
import type { Files } from '../discovery/temporary-tree.ts';
import { connector, manifest, temporaryTree } from '../discovery/temporary-tree.ts';

const HOST = { hostVersion: '1.0.0' };

/** Package → `admitted`, or the reason. */
function outcomes(plugins: readonly PluginEntry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(plugins.map((plugin) => [plugin.package, plugin.reason ?? plugin.status]));
}

function project(names: readonly string[], files: Files): Files {
  return {
    'package.json': { name: 'app', dependencies: Object.fromEntries(names.map((name) => [name, '*'])) },
    ...files,
  };
}

describe('an admitted package', () => {
  it('hands over each kind with the real path of its entry', () => {
    const long = {
      entry: './lib/other.mjs',
      type: 'messaging',
      title: 'Other',
      icon: './icon.svg',
      autoconfigure: true,
      permissions: { network: ['*.example.com:443'] },
    };
    using tree = temporaryTree({
      'package.json': { name: 'app', dependencies: { '@acme/connector-x': 'workspace:*' } },
      'node_modules/@acme/connector-x': { link: '../../plugins/x y' },
      'plugins/x y/package.json': manifest(
        '@acme/connector-x',
        { short: './lib/short.js', other: long },
        { description: 'Both.' },
      ),
      'plugins/x y/lib/short.js': { link: './real.js' },
      'plugins/x y/lib/real.js': '',
      'plugins/x y/lib/other.mjs': '',
      'plugins/x y/icon.svg': '<svg/>',
    });
    const { report, declarations } = discover({ root: tree.root, ...HOST });
    const packageDir = tree.path('plugins/x y');
    expect(report).toStrictEqual({
      plugins: [
        {
          package: '@acme/connector-x',
          version: '1.2.3',
          path: packageDir,
          kinds: ['short', 'other'],
          status: 'admitted',
          problems: [],
          permissions: [{ kind: 'other', permission: 'network', value: '*.example.com:443', granted: [] }],
          warnings: [],
        },
      ],
      problems: [],
    });
    const shared = {
      packageName: '@acme/connector-x',
      packageVersion: '1.2.3',
      packageDir,
      description: 'Both.',
      manifestHash: expect.any(String),
      warnings: [],
    };
    expect(Object.fromEntries(declarations)).toStrictEqual({
      short: {
        ...shared,
        kind: 'short',
        entryPath: `${packageDir}/lib/real.js`,
        entryUrl: pathToFileURL(`${packageDir}/lib/real.js`).href,
        type: 'custom',
        title: 'Short',
        autoconfigure: false,
        permissions: { network: [], env: [], fs: { read: [], write: [] }, childProcess: false },
      },
      other: {
        ...shared,
        kind: 'other',
        entryPath: `${packageDir}/lib/other.mjs`,
        entryUrl: pathToFileURL(`${packageDir}/lib/other.mjs`).href,
        type: 'messaging',
        title: 'Other',
        icon: `${packageDir}/icon.svg`,
        autoconfigure: true,
        permissions: { network: ['*.example.com:443'], env: [], fs: { read: [], write: [] }, childProcess: false },
      },
    });
  });

  it('may lack a host range, and is warned about', () => {
    using tree = temporaryTree(project(['a'], connector('node_modules/a', 'a', 'a', { engines: undefined })));
    expect(discover({ root: tree.root, ...HOST }).report.plugins).toMatchObject([
      { status: 'admitted', warnings: [expect.stringContaining('does not say which hosts')] },
    ]);
    expect(outcomes(discover({ root: tree.root, ...HOST, strict: true }).report.plugins)).toEqual({
      a: 'incompatible',
    });
  });

  it('may lack the icon that it names, but not take it from elsewhere', () => {
    using tree = temporaryTree(
      project(['a', 'b'], {
        'node_modules/a/package.json': manifest('a', { a: { entry: './x.js', icon: './icon.svg' } }),
        'node_modules/a/x.js': '',
        'node_modules/b/package.json': manifest('b', { b: { entry: './x.js', icon: '../a/x.js' } }),
        'node_modules/b/x.js': '',
      }),
    );
    const { report, declarations } = discover({ root: tree.root, ...HOST });
    expect(outcomes(report.plugins)).toEqual({ a: 'admitted', b: 'problem' });
    expect(declarations.get('a')).toMatchObject({
      warnings: ['automate.connectors.a.icon names a file that is not there'],
    });
    expect(declarations.get('a')).not.toHaveProperty('icon');
  });

  it('may be installed under an alias that names it', () => {
    using tree = temporaryTree({
      'package.json': { dependencies: { alias: 'npm:@acme/real@^1.0.0', wrong: 'npm:@acme/expected@1' } },
      ...connector('node_modules/alias', '@acme/real', 'a'),
      ...connector('node_modules/wrong', '@acme/other', 'b'),
    });
    expect(outcomes(discover({ root: tree.root, ...HOST }).report.plugins)).toEqual({
      alias: 'admitted',
      wrong: 'problem',
    });
  });
});

describe('a package that is not wanted', () => {
  const files = project(['a', '@acme/b', '@acme/c'], {
    ...connector('node_modules/a', 'a', 'a'),
    ...connector('node_modules/@acme/b', '@acme/b', 'b'),
    ...connector('node_modules/@acme/c', '@acme/c', 'c'),
    ...connector('node_modules/hoisted', 'hoisted', 'hoisted'),
    'node_modules/foreign/package.json': { name: 'foreign' },
  });

  it('is not seen at start when it came along with another, and is reported when everything is read', () => {
    using tree = temporaryTree(files);
    expect(outcomes(discover({ root: tree.root, ...HOST }).report.plugins)).toEqual({
      a: 'admitted',
      '@acme/b': 'admitted',
      '@acme/c': 'admitted',
    });
    const { report, declarations, refusals } = discover({ root: tree.root, ...HOST, full: true });
    expect(outcomes(report.plugins)).toEqual({
      a: 'admitted',
      '@acme/b': 'admitted',
      '@acme/c': 'admitted',
      hoisted: 'transitive',
    });
    expect(declarations.has('hoisted')).toBe(false);
    expect(report.plugins.find((plugin) => plugin.package === 'hoisted')).toMatchObject({
      status: 'rejected',
      message: expect.stringContaining('add "hoisted" to the project\'s own dependencies'),
    });
    expect(refusals.get('hoisted')).toContain('hoisted came along with another package');
  });

  it('is admitted when everything is', () => {
    using tree = temporaryTree(files);
    expect(outcomes(discover({ root: tree.root, ...HOST, scan: 'all' }).report.plugins)).toMatchObject({
      hoisted: 'admitted',
    });
  });

  it.each([
    [{ deny: ['@acme/*'] }, { a: 'admitted', '@acme/b': 'denied', '@acme/c': 'denied' }],
    [{ allow: ['@acme/*'] }, { a: 'denied', '@acme/b': 'admitted', '@acme/c': 'admitted' }],
    [
      { allow: ['@acme/*'], deny: ['*b'] },
      { a: 'denied', '@acme/b': 'denied', '@acme/c': 'admitted' },
    ],
    [
      { allow: ['a'], deny: ['a'] },
      { a: 'denied', '@acme/b': 'denied', '@acme/c': 'denied' },
    ],
    [{ allow: [] }, { a: 'denied', '@acme/b': 'denied', '@acme/c': 'denied' }],
  ])('by %j is in the report as denied', (patterns, expected) => {
    using tree = temporaryTree(files);
    const { report, declarations } = discover({ root: tree.root, ...HOST, ...patterns });
    expect(outcomes(report.plugins)).toEqual(expected);
    expect(declarations.size).toBe(Object.values(expected).filter((outcome) => outcome === 'admitted').length);
  });

  it('is denied under an alias too', () => {
    using tree = temporaryTree({
      'package.json': { dependencies: { nice: 'npm:@evil/x@1' } },
      ...connector('node_modules/nice', '@evil/x', 'x'),
    });
    expect(outcomes(discover({ root: tree.root, ...HOST, deny: ['@evil/*'] }).report.plugins)).toEqual({
      nice: 'denied',
    });
    expect(outcomes(discover({ root: tree.root, ...HOST, allow: ['nice'] }).report.plugins)).toEqual({
      nice: 'denied',
    });
  });

  it('is hidden by one of the same name in an earlier place', () => {
    using tree = temporaryTree({
      ...project(['a'], connector('node_modules/a', 'a', 'a')),
      ...connector('more/node_modules/a', 'a', 'a'),
      'links/node_modules/a': { link: '../../node_modules/a' },
    });
    const { report, declarations } = discover({ root: tree.root, ...HOST, paths: ['more', 'links'] });
    expect(report.plugins.map(({ path, reason }) => [path, reason])).toEqual([
      [tree.path('more/node_modules/a'), 'shadowed'],
      [tree.path('node_modules/a'), undefined],
    ]);
    expect(declarations.get('a')).toMatchObject({ packageDir: tree.path('node_modules/a') });
  });
});

describe('an incompatible package', () => {
  it('is rejected with the range it wants, the host there is, and what to do', () => {
    using tree = temporaryTree(
      project(['old', 'new', 'peer'], {
        ...connector('node_modules/old', 'old', 'old', { engines: { automate: '^0.9.0' } }),
        ...connector('node_modules/new', 'new', 'new', { engines: { automate: '>=2' } }),
        ...connector('node_modules/peer', 'peer', 'peer', {
          engines: { node: '>=24' },
          peerDependencies: { '@automate/sdk': '^2.0.0' },
        }),
      }),
    );
    const { report, declarations } = discover({ root: tree.root, ...HOST });
    expect(declarations.size).toBe(0);
    expect(report.plugins.map(({ status, reason, message }) => [status, reason, message])).toEqual([
      [
        'rejected',
        'incompatible',
        'needs a host in the range ">=2" (engines.automate); this host, 1.0.0, is older: upgrade the host',
      ],
      [
        'rejected',
        'incompatible',
        'needs a host in the range "^0.9.0" (engines.automate); this host, 1.0.0, is newer: look for a newer release of the plugin',
      ],
      [
        'rejected',
        'incompatible',
        'needs a host in the range "^2.0.0" (peerDependencies["@automate/sdk"]); this host, 1.0.0, is older: upgrade the host',
      ],
    ]);
  });
});

describe('a configured kind that is not there', () => {
  it('is explained by what became of the package that declares it', () => {
    using tree = temporaryTree(
      project(['a', 'b'], {
        ...connector('node_modules/a', 'a', 'alpha', { engines: { automate: '>=2' } }),
        ...connector('node_modules/b', 'b', 'beta'),
      }),
    );
    const discovery = discover({ root: tree.root, ...HOST });
    expect(explainMissingKind('alpha', discovery)).toBe(
      'the kind "alpha" is not available: a needs a host in the range ">=2" (engines.automate); this host, 1.0.0, is older: upgrade the host',
    );
    expect(explainMissingKind('gamma', discovery)).toBe(
      'no package that was found declares the kind "gamma" (there are beta): add the package that declares it to the project, with "automate plugins add"',
    );
  });

  it("is explained by the project's own trouble where nothing was found", () => {
    using tree = temporaryTree({ 'package.json': { dependencies: { a: '1' } } });
    expect(explainMissingKind('alpha', discover({ root: tree.root, ...HOST }))).toMatch(
      /\(no kind is available\): node_modules: expected the directory .*; the operator should run "pnpm install"$/,
    );
  });
});

describe('the report', () => {
  it('survives a journey as JSON unchanged', () => {
    using tree = temporaryTree(
      project(['a', 'b', 'gone'], { ...connector('node_modules/a', 'a', 'a'), 'node_modules/b/package.json': '{' }),
    );
    const { report } = discover({ root: tree.root, ...HOST });
    expect(report.plugins).toHaveLength(2);
    expect(report.problems).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(report))).toStrictEqual(report);
  });
});
