import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { renderPackage } from '../src/render-package.ts';
import { writeNewFolder } from '../src/write-new-folder.ts';
import { contents, runCreate } from './run-create.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'automate-create-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('what is refused before anything is written', () => {
  it('is, without a terminal, every question that has no flag, with what --yes would take', async () => {
    const { status, stderr } = await runCreate(root);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^ {2}--name: expected the name of the npm package \(there is no terminal to ask at\), received nothing$/m,
    );
    expect(stderr).toMatch(/^ {2}--kind: /m);
    expect(stderr).toMatch(/^ {2}--type: .*observability.*--yes takes "custom"/m);
    expect(stderr).toMatch(/^ {2}--template: .*http-api, .*minimal.*--yes takes "http-api"/m);
    expect(stderr).toMatch(/^ {2}--package-manager: .*npm, pnpm, yarn.*--yes takes "npm"/m);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is all that npm and a host would refuse, at once', async () => {
    const names = ['--name', '.Odd Name', '--kind', '9-lives'];
    const choices = ['--type', 'carrier_pigeon', '--template', 'soap', '--package-manager', 'bower'];
    const { status, stderr } = await runCreate(root, ...names, ...choices);
    expect(status).toBe(2);
    const flags = [...stderr.matchAll(/^ {2}(--[a-z-]+): /gm)].map((match) => match[1]);
    expect([...new Set(flags)]).toEqual(['--name', '--kind', '--template', '--type', '--package-manager']);
    expect(stderr).toContain('capital letters');
    expect(stderr).toContain('cannot start with a period');
    expect(stderr).toContain('received "carrier_pigeon"');
    expect(readdirSync(root)).toEqual([]);
  });

  it('is a name that nobody gave, with --yes, beside what is wrong', async () => {
    const { status, stderr } = await runCreate(root, '--yes', '--type', 'x');
    expect(status).toBe(2);
    expect(stderr).toMatch(/--name: .*none can be suggested/);
    expect(stderr).toMatch(/--type: /);
  });

  it('is a flag that there is not', async () => {
    expect(await runCreate(root, '--yes', '--kid', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--kind'),
    });
  });
});

describe('where it writes', () => {
  it('takes name, kind and folder from each other', async () => {
    expect(await runCreate(root, '--yes', '--name', '@acme/connector-big-orders')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(contents(join(root, 'connector-big-orders'))['package.json']).toContain('"big_orders": {');
    expect(await runCreate(root, '--yes', '--kind', 'small_orders')).toMatchObject({ status: 0, stderr: '' });
    expect(contents(join(root, 'connector-small-orders'))['package.json']).toContain(
      '"name": "connector-small-orders"',
    );
    expect(await runCreate(root, 'below/here', '--yes')).toMatchObject({ status: 0, stderr: '' });
    expect(contents(join(root, 'below/here'))['package.json']).toContain('"here": {');
  });

  it('never overwrites: a folder that has something stays as it is, byte for byte', async () => {
    expect((await runCreate(root, 'mine', '--yes')).status).toBe(0);
    writeFileSync(join(root, 'mine/README.md'), 'my own words');
    const before = contents(root);
    const { status, stderr } = await runCreate(root, 'mine', '--yes', '--template', 'minimal');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Nothing was written: .*mine is not empty/);
    writeFileSync(join(root, 'a-file'), 'x');
    expect(await runCreate(root, 'a-file', '--yes')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('a-file'),
    });
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(await runCreate(root, 'dangling', '--yes')).toMatchObject({ status: 1 });
    expect(contents(root)).toEqual({ ...before, 'mine/README.md': 'my own words', 'a-file': 'x' });
    expect(existsSync(join(root, 'nowhere'))).toBe(false);
  });

  it('uses an empty folder, the one that it stands in too', async () => {
    const empty = join(root, 'connector-here');
    mkdirSync(empty);
    expect(await runCreate(empty, '.', '--yes')).toMatchObject({ status: 0, stderr: '' });
    expect(contents(empty)['package.json']).toContain('"name": "connector-here"');
  });

  it('takes back what it has written when it cannot write it all', () => {
    mkdirSync(join(root, 'empty'));
    const tooLong = new Map([
      ['a.txt', 'a'],
      ['b/c.txt', 'c'],
      [`b/${'d'.repeat(300)}`, 'd'],
    ]);
    for (const folder of ['empty', 'new/below']) {
      expect(() => writeNewFolder(join(root, folder), tooLong)).toThrow('ENAMETOOLONG');
    }
    expect(readdirSync(root, { recursive: true })).toEqual(['empty']);
  });
});

it('makes files for the package manager that runs it', () => {
  const made = (packageManager: string): ReadonlyMap<string, string> =>
    renderPackage({ name: 'x', kind: 'x', type: 'agent', template: 'minimal', packageManager });
  expect(made('npm').get('README.md')).toContain('npm publish');
  expect(made('pnpm').get('README.md')).toMatch(/pnpm install[^]*pnpm build/);
  expect(made('pnpm').has('pnpm-workspace.yaml')).toBe(true);
  expect(made('yarn').get('README.md')).toContain('yarn npm publish');
  expect(made('yarn').get('.yarnrc.yml')).toContain('node-modules');
});
