import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { discover } from '../../src/compatibility/discover.ts';
import { temporaryTree } from '../discovery/temporary-tree.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const STORE = join(REPOSITORY, 'node_modules/.pnpm/node_modules');

describe("this repository's own dependencies", () => {
  it('are hundreds of foreign packages, scanned without a word about any of them', () => {
    using tree = temporaryTree({ 'package.json': {}, node_modules: { link: STORE } });
    const foreign = readdirSync(STORE).filter((name) => !name.startsWith('.'));
    expect(foreign.length).toBeGreaterThan(300);
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
