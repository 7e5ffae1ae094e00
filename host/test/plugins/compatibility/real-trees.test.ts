import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { discover } from '../../../src/plugins/compatibility/discover.ts';
import { temporaryTree } from '../discovery/temporary-tree.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const STORE = join(REPOSITORY, 'node_modules/.pnpm/node_modules');

/** Every package that the package manager put into its store, scopes opened; links it left behind that lead nowhere are not packages. */
function storedPackages(): readonly string[] {
  return readdirSync(STORE)
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(STORE, name)).map((inner) => `${name}/${inner}`) : [name],
    )
    .filter((name) => !name.startsWith('.') && existsSync(join(STORE, name)));
}

describe("this repository's own dependencies", () => {
  it('are hundreds of foreign packages, scanned without a word about any of them', () => {
    const names = storedPackages();
    expect(names.length).toBeGreaterThan(300);
    using tree = temporaryTree({
      'package.json': {},
      ...Object.fromEntries(names.map((name) => [`node_modules/${name}`, { link: join(STORE, name) }])),
    });
    const { report } = discover({ root: tree.root, hostVersion: '1.0.0', scan: 'all' });
    const strangers = report.plugins.filter((plugin) => !plugin.package.startsWith('@automate/'));
    expect(strangers).toEqual([]);
    expect(report.problems).toEqual([]);
  });

  it('hold the built-in plugins, linked by the package manager and found like any other', () => {
    const { report } = discover({ root: REPOSITORY, hostVersion: '1.0.0', full: true });
    const found = report.plugins.map((plugin) => [plugin.package, plugin.kinds]);
    expect(Object.fromEntries(found)).toMatchObject({
      '@automate/connector-logging': ['logging'],
      '@automate/connector-slack': ['slack'],
    });
    expect(report.problems).toEqual([]);
  });
});
