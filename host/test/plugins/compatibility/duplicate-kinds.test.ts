import { describe, expect, it } from '@jest/globals';
import type { DiscoverOptions, Discovery } from '../../../src/plugins/compatibility/discover.ts';
import { discover } from '../../../src/plugins/compatibility/discover.ts';
import { connector, manifest, temporaryTree } from '../discovery/temporary-tree.ts';

/** Packages `a` and `b` are asked for, `t` came along; all declare `slack`. `b` declares `extra` too. */
function run(options: Partial<DiscoverOptions>, asked: readonly string[] = ['a', 'b']): Discovery {
  using tree = temporaryTree({
    'package.json': { dependencies: Object.fromEntries(asked.map((name) => [name, '*'])) },
    ...connector('node_modules/a', 'a', 'slack'),
    'node_modules/b/package.json': manifest('b', { slack: './adapter.js', extra: './adapter.js' }),
    'node_modules/b/adapter.js': '',
    ...connector('node_modules/t', 't', 'slack'),
  });
  return discover({ root: tree.root, hostVersion: '1.0.0', ...options });
}

function owners({ declarations }: Discovery): Readonly<Record<string, string>> {
  return Object.fromEntries([...declarations].map(([kind, { packageName }]) => [kind, packageName]));
}

describe('a kind that two packages declare', () => {
  it('is given to neither, and both are named', () => {
    const discovery = run({});
    expect(owners(discovery)).toEqual({ extra: 'b' });
    expect(discovery.report.plugins).toMatchObject([
      {
        package: 'a',
        status: 'rejected',
        reason: 'duplicate_kind',
        message: expect.stringContaining('declares the kind "slack", as b does'),
      },
      {
        package: 'b',
        status: 'admitted',
        kinds: ['slack', 'extra'],
        warnings: [expect.stringContaining('declares the kind "slack", as a does')],
      },
    ]);
    expect(discovery.refusals.get('slack')).toMatch(
      /^a declares the kind "slack", as b does.*; b declares the kind "slack", as a does.*plugins\.prefer/,
    );
    expect(discovery.refusals.has('extra')).toBe(false);
  });

  it('belongs to the direct dependency where the other came along', () => {
    const discovery = run({ scan: 'all' }, ['a']);
    expect(owners(discovery)).toEqual({ slack: 'a', extra: 'b' });
    expect(discovery.report.plugins).toMatchObject([
      { package: 'a', status: 'admitted', warnings: [] },
      {
        package: 'b',
        status: 'admitted',
        warnings: [expect.stringContaining('which a has because the project asks for that package by name')],
      },
      { package: 't', status: 'rejected', reason: 'duplicate_kind' },
    ]);
  });

  it('is given to neither of two direct dependencies, whatever came along', () => {
    expect(owners(run({ scan: 'all' }))).toEqual({ extra: 'b' });
  });

  it('is given to none where all came along', () => {
    const discovery = run({ scan: 'all' }, []);
    expect(owners(discovery)).toEqual({ extra: 'b' });
    expect(discovery.report.plugins[0]).toMatchObject({
      package: 'a',
      message: expect.stringContaining('as b and t does'),
    });
  });

  it.each(['a', 'b'])('belongs to %s when plugins.prefer says so', (name) => {
    const discovery = run({ prefer: { slack: name } });
    expect(owners(discovery)).toEqual({ slack: name, extra: 'b' });
    expect(discovery.report.problems).toEqual([]);
    expect(discovery.refusals.size).toBe(0);
  });

  it('belongs to a package that came along when plugins.prefer says so', () => {
    expect(owners(run({ scan: 'all', prefer: { slack: 't' } }))).toMatchObject({ slack: 't' });
  });

  it('goes to no other package when the preferred one cannot take it', () => {
    const discovery = run({ deny: ['b'], prefer: { slack: 'b' } });
    expect(owners(discovery)).toEqual({});
    expect(discovery.report.plugins).toMatchObject([
      { package: 'a', reason: 'duplicate_kind', message: expect.stringContaining('which plugins.prefer gives to b') },
      { package: 'b', reason: 'denied' },
    ]);
    expect(discovery.report.problems).toMatchObject([
      { path: 'plugins.prefer.slack', expected: 'a', received: 'b', blame: 'operator' },
    ]);
  });

  it('is not contested by a package that is out for another reason', () => {
    expect(owners(run({ deny: ['b'] }))).toEqual({ slack: 'a' });
  });

  it('takes preferences from the map alone, never from what maps inherit', () => {
    using tree = temporaryTree({
      'package.json': { dependencies: { a: '*' } },
      ...connector('node_modules/a', 'a', 'constructor'),
    });
    expect(owners(discover({ root: tree.root, hostVersion: '1.0.0', prefer: {} }))).toEqual({ constructor: 'a' });
  });
});
