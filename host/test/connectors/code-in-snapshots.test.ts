import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ConfiguredLevel } from '@automate/contract';
import type { PluginSandbox, SandboxLayout } from '@automate/testing';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import type { Package } from '../fixtures/telling-host.ts';
import { adapter, ask, install, openHost, restartWorker, YAML, yamlAt } from '../fixtures/telling-host.ts';

const RESOLVING = adapter(
  `tell: act(async () => ({
    imports: [dependency, nested, own, mapped, mappedDependency, json.word],
    cjs,
    lazy: [(await import('dependency')).default, (await import('connector-telling/own')).default, (await import('./json.json', { with: { type: 'json' } })).default.word],
    resolved: [import.meta.resolve('dependency'), require.resolve('dependency'), require.resolve('nested/package.json')].map((path) => path.split('/').at(-2)),
    up: await attempt(async () => (await import('../beside-the-package.mjs')).default),
    linked: require('./linked.cjs'),
    thread: await attempt(() => new Promise((resolve, reject) => new Worker(new URL('thread.js', import.meta.url)).once('message', resolve).once('error', reject))),
  })),
  die: act(() => process.exit(3)),`,
  `
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import dependency from 'dependency';
import nested from 'nested';
import own from 'connector-telling/own';
import mapped from '#mapped';
import mappedDependency from '#dependency';
import json from './json.json' with { type: 'json' };
import cjs from './lib/common.cjs';
const require = createRequire(import.meta.url);
const attempt = (run) => run().catch((error) => error.code ?? error.message);
`,
);

const RESOLVED_FILES = {
  'own.js': "export default 'own';",
  'mapped.js': "export default 'mapped';",
  'json.json': '{ "word": "json" }',
  'thread.js':
    "import { parentPort } from 'node:worker_threads'; import dependency from 'dependency'; parentPort.postMessage(dependency);",
  'lib/common.cjs': `module.exports = [require('dependency'), require('nested'), require('connector-telling/own').default,
    require('#mapped').default, require('#dependency'), require('../json.json').word, require('./more/index.cjs'), require('./typed')];`,
  'lib/more/index.cjs': "module.exports = 'more';",
  'lib/typed/package.json': '{ "type": "commonjs", "main": "main" }',
  'lib/typed/main.js': "module.exports = 'typed';",
  'node_modules/nested/package.json': '{ "name": "nested", "version": "1.0.0" }',
  'node_modules/nested/index.js': "module.exports = 'nested';",
};

const RESOLVED = {
  imports: ['dependency', 'nested', 'own', 'mapped', 'dependency', 'json'],
  cjs: ['dependency', 'nested', 'own', 'mapped', 'dependency', 'json', 'more', 'typed'],
  lazy: ['dependency', 'own', 'json'],
  resolved: ['dependency', 'dependency', 'nested'],
  up: 'beside',
  linked: 'nested',
  thread: 'dependency',
};

/** What is no part of the package, and no thread, is refused. */
const RESOLVED_RESTRICTED = { ...RESOLVED, up: 'ERR_ACCESS_DENIED', thread: 'ERR_ACCESS_DENIED' };

const manifest = (own: string): Package['packageJson'] => ({
  dependencies: { dependency: '1.0.0', nested: '1.0.0' },
  exports: { './own': own },
  imports: { '#mapped': own === './own.js' ? './mapped.js' : own, '#dependency': 'dependency' },
});

describe.each<[SandboxLayout, ConfiguredLevel]>([
  ['npm', 'thread'],
  ['pnpm', 'thread'],
  ['npm', 'process'],
  ['pnpm', 'process'],
  ['npm', 'restricted'],
  ['pnpm', 'restricted'],
])('a package that is installed as by %s, of a connector at the level %s', (layout, level) => {
  it('finds what it imports of others where it is installed, and of itself as it was admitted', async () => {
    // Nothing is to be found by looking upwards from there, and links and odd names are to be taken as they are.
    const elsewhere = await mkdtemp(join(tmpdir(), 'automate-data-'));
    await mkdir(join(elsewhere, 'a b%20c é'));
    const dataDir = join(elsewhere, 'link');
    await symlink('a b%20c é', dataDir, 'dir');
    await using it = await SandboxHost.open({
      serve: false,
      kinds: [],
      yaml: yamlAt(level),
      layout,
      flags: { dataDir },
      prepare: async (sandbox) => {
        await sandbox.addPackage({ name: 'dependency', files: { 'index.js': "module.exports = 'dependency';" } });
        const directory = await install(sandbox, {
          source: RESOLVING,
          files: RESOLVED_FILES,
          packageJson: manifest('./own.js'),
        });
        await symlink(join('node_modules', 'nested', 'index.js'), join(directory, 'linked.cjs'));
        await writeFile(join(dirname(directory), 'beside-the-package.mjs'), "export default 'beside';");
        if (layout === 'pnpm')
          await symlink(sandbox.pathOf('dependency'), join(dirname(directory), 'dependency'), 'dir');
      },
    });
    const expected = level === 'restricted' ? RESOLVED_RESTRICTED : RESOLVED;
    expect(await ask(it)).toEqual(expected);
    const other = "export default 'not admitted'; module.exports = 'not admitted';";
    await install(it.sandbox, {
      source: other,
      files: { 'own.js': other, 'other.js': other, 'mapped.js': other, 'json.json': '{}', 'lib/common.cjs': other },
      packageJson: manifest('./other.js'),
    });
    await restartWorker(it);
    expect(await ask(it)).toEqual(expected);
    await it.host.close();
    await rm(elsewhere, { recursive: true });
  });
});

describe('what is said of a package that runs from a snapshot', () => {
  const inLog = (it: SandboxHost): string[] =>
    it.logText.split('\n').filter((line) => line.includes('.automate/plugins'));

  const LEVELS: readonly ConfiguredLevel[] = ['thread', 'process', 'restricted'];
  it.each(LEVELS)('names its own files where its code throws, logs or dies at the level %s', async (level) => {
    const actions = `
      tell: act(({ log }) => {
        this.context.logger.warn('logged', { stack: new Error('for the log').stack });
        console.warn(new Error('for the console').stack);
        throw new Error('thrown at ' + import.meta.url);
      }),
      late: act(() => new Promise(() => setTimeout(() => { throw new Error('too late') }, 0))),
      absent: act(() => import('./absent.js')),`;
    await using it = await openHost((sandbox) => install(sandbox, { source: adapter(actions) }), false, level);
    const own = join(it.sandbox.pathOf('connector-telling'), 'adapter.js');
    await expect(ask(it)).rejects.toMatchObject({ message: expect.stringContaining(`thrown at file://${own}`) });
    await expect(ask(it, 'absent')).rejects.toMatchObject({
      message: expect.stringContaining(`Cannot find module '${join(dirname(own), 'absent.js')}' imported from ${own}`),
    });
    await expect(ask(it, 'late')).rejects.toThrow();
    await it.host.close();
    for (const thrown of ['for the log', 'too late'])
      expect(it.logText).toMatch(new RegExp(`${thrown}\\\\n[^"]*${own}:`));
    expect(inLog(it)).toEqual([]);
  });

  it.each([
    ['throws', "throw new Error('a broken build');", /a broken build/, 3],
    ['does not parse', 'const const = 1;', /Unexpected|const/, 3],
    ['imports what is not there', "import 'nowhere';", /Cannot find package 'nowhere'/, 3],
    ['requires what is not there', "import './required.cjs';", /Cannot find module 'nowhere'/, undefined],
  ])('names its own file and line where its module %s', async (_what, atTop, message, line) => {
    const files = { 'required.cjs': "require('nowhere');" };
    await using it = await openHost((sandbox) => install(sandbox, { source: adapter('', atTop), files }));
    const own = it.sandbox.pathOf('connector-telling');
    await expect(it.service.describe('one')).rejects.toMatchObject({
      message: expect.stringMatching(message),
      details: {
        reason: 'import_failed',
        entry: `file://${own}/adapter.js`,
        file: expect.stringMatching(`^${own}/(adapter.js|required.cjs)$`),
        ...(line === undefined ? {} : { line }),
      },
    });
    await it.host.close();
    expect(inLog(it)).toEqual([]);
  });
});

describe('a package that is linked for development', () => {
  /** A package in a folder of its own, its sources as they were written, linked into the project. */
  async function linkPackage(sandbox: PluginSandbox, folder: string): Promise<void> {
    await install(sandbox, { source: '' });
    const place = sandbox.pathOf('connector-telling');
    const manifest = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as Record<string, unknown>;
    await rm(place, { recursive: true });
    await symlink(folder, place, 'dir');
    await mkdir(join(folder, 'node_modules', '@automate'), { recursive: true });
    await symlink(sandbox.pathOf('@automate/sdk'), join(folder, 'node_modules', '@automate', 'sdk'), 'dir');
    const automate = { connectors: { telling: { entry: './src/adapter.ts' } } };
    await mkdir(join(folder, 'src'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, automate }));
    const source = adapter(
      'tell: act((): string => word), die: act(() => process.exit(3)),',
      "import { word } from './word.ts';",
    );
    await writeFile(join(folder, 'src', 'adapter.ts'), source);
    await writeFile(join(folder, 'src', 'word.ts'), "export const word: string = 'old';");
  }

  it('runs its sources as they were admitted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'automate linked %20é-'));
    await using it = await openHost((sandbox) => linkPackage(sandbox, folder));
    expect(await ask(it)).toBe('old');
    await writeFile(join(folder, 'src', 'word.ts'), "export const word: string = 'new';");
    await restartWorker(it);
    expect(await ask(it)).toBe('old');
    await it.service.rescanPlugins();
    expect(await ask(it)).toBe('new');
    await rm(folder, { recursive: true });
  });

  it('is not copied where it holds more than a package does, and the log says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'automate-linked-'));
    await using it = await openHost((sandbox) => linkPackage(sandbox, folder));
    await mkdir(join(folder, 'recordings'));
    for (let index = 0; index <= 5_000; index += 1) closeSync(openSync(join(folder, 'recordings', `${index}`), 'w'));
    expect(await ask(it)).toBe('old');
    expect(it.logText).toMatch(/connector-telling, version 1\.0\.0, runs from .* more than 5000 files/);
    await rm(folder, { recursive: true });
  });

  it('is not copied where its files are larger than a package is, and the log says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'automate-linked-'));
    await using it = await openHost((sandbox) => linkPackage(sandbox, folder));
    await writeFile(join(folder, 'recording'), '');
    await truncate(join(folder, 'recording'), 257 * 1024 * 1024);
    await it.service.rescanPlugins();
    expect(await ask(it)).toBe('old');
    expect(it.logText).toMatch(/connector-telling, version 1\.0\.0, runs from .* more than 256 MiB/);
    await rm(folder, { recursive: true });
  });

  it('runs from a snapshot that lies in itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'automate-linked-'));
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: YAML,
      flags: { dataDir: join(folder, 'data') },
      prepare: (sandbox) => linkPackage(sandbox, folder),
    });
    expect(await ask(it)).toBe('old');
    expect(it.logText).not.toMatch(/snapshot/);
    await writeFile(join(folder, 'src', 'word.ts'), "export const word: string = 'new';");
    await restartWorker(it);
    expect(await ask(it)).toBe('old');
    await it.service.rescanPlugins();
    expect(await ask(it)).toBe('new');
    await it.host.close();
    await rm(folder, { recursive: true });
  });
});
