import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ConfiguredLevel } from '@automate/contract';
import type { SandboxConnector } from '@automate/testing';
import { infoOf } from '../fixtures/counting-host.ts';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';
import { adapter, ask, openHost as openHostOf, restartWorker } from '../fixtures/telling-host.ts';

const ACTIONS = `
    imported: act(async () => (await import('./imported.js')).default),
    required: act(() => createRequire(import.meta.url)('./required.cjs')),
    beside: act(() => readFileSync(new URL('beside.txt', import.meta.url), 'utf8')),
    die: act(() => process.exit(3)),`;
const IMPORTS = "import { createRequire } from 'node:module';\nimport { readFileSync } from 'node:fs';\n";

/** A connector of which each file says which version it is of. */
const version = (word: string, atImport = ''): Pick<SandboxConnector, 'kind' | 'source' | 'files'> => ({
  kind: 'telling',
  source: adapter(`tell: act(() => '${word}'), ${ACTIONS}`, IMPORTS + atImport),
  files: {
    'imported.js': `export default '${word}';`,
    'required.cjs': `module.exports = '${word}';`,
    'beside.txt': word,
  },
});

const openHost = (level?: ConfiguredLevel): Promise<SandboxHost> =>
  openHostOf((sandbox) => sandbox.addConnector(version('old')), false, level);

/** The ways in which the files of a package come to be others. */
const WAYS: ReadonlyArray<readonly [string, (it: SandboxHost, spec: SandboxConnector) => Promise<void>]> = [
  ['by a build, which writes into the files', async (it, spec) => void (await it.sandbox.addConnector(spec))],
  [
    'by an installer, which puts new ones there',
    async (it, spec) => {
      await rm(it.sandbox.pathOf('connector-telling'), { recursive: true });
      await it.sandbox.addConnector(spec);
    },
  ],
];

describe.each(WAYS)('a package of the same version whose files are replaced %s', (_way, replace) => {
  it.each(['thread', 'process'] as const)(
    'runs as it was admitted at the level %s, also by workers that start again and by what they load later',
    async (level) => {
      await using it = await openHost(level);
      expect(await ask(it, 'tell')).toBe('old');
      await replace(it, version('new'));
      for (const action of ['imported', 'required', 'beside'])
        expect([action, await ask(it, action)]).toEqual([action, 'old']);
      await restartWorker(it);
      for (const action of ['tell', 'imported', 'required', 'beside'])
        expect([action, await ask(it, action)]).toEqual([action, 'old']);
    },
  );

  it('runs as it is now once somebody scanned', async () => {
    await using it = await openHost();
    expect(await ask(it, 'tell')).toBe('old');
    await replace(it, version('new'));
    await it.service.rescanPlugins();
    for (const action of ['tell', 'imported', 'required', 'beside'])
      expect([action, await ask(it, action)]).toEqual([action, 'new']);
    await restartWorker(it);
    expect(await ask(it, 'tell')).toBe('new');
    await it.service.rescanPlugins();
    expect(await ask(it, 'tell')).toBe('new');
  });

  it('is held back where it is broken, and the old one goes on and starts again', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    await replace(it, version('new', "throw new Error('a broken build');"));
    const message = expect.stringMatching(/"one" goes on with an earlier build of version 1\.0\.0: .*a broken build/);
    await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'held_back', message }] });
    expect((await infoOf(it)).heldBack).toMatch(/a broken build/);
    for (let times = 0; times < 2; times += 1) {
      await restartWorker(it);
      for (const action of ['tell', 'imported', 'required', 'beside'])
        expect([action, await ask(it, action)]).toEqual([action, 'old']);
      await it.service.rescanPlugins();
    }
    await replace(it, version('mended'));
    await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'admitted' }] });
    expect([await ask(it, 'tell'), await ask(it, 'imported')]).toEqual(['mended', 'mended']);
  });

  it('is not run where it is another version that is not for this host', async () => {
    await using it = await openHost();
    await it.service.healthCheck('one');
    await replace(it, { ...version('new'), version: '2.0.0', engines: '^9.0.0' });
    await it.service.rescanPlugins();
    await restartWorker(it);
    expect([await ask(it, 'tell'), await ask(it, 'required')]).toEqual(['old', 'old']);
    await expect(it.service.describe('one')).resolves.toMatchObject({ package: { version: '1.0.0' } });
  });
});

it('is another build where an installer gave its files the time that all of them have, and they are as long', async () => {
  const longAgo = new Date('1985-10-26T08:15:00Z');
  const files = ['adapter.js', 'imported.js', 'required.cjs', 'beside.txt', 'package.json'];
  const setTimes = async (it: SandboxHost): Promise<void> => {
    for (const file of files) await utimes(join(it.sandbox.pathOf('connector-telling'), file), longAgo, longAgo);
  };
  await using it = await openHost();
  await setTimes(it);
  await it.service.rescanPlugins();
  expect(await ask(it, 'beside')).toBe('old');
  await rename(it.sandbox.pathOf('connector-telling'), join(it.sandbox.root, 'node_modules', '.before'));
  await it.sandbox.addConnector(version('new'));
  await setTimes(it);
  await it.service.rescanPlugins();
  expect(await ask(it, 'beside')).toBe('new');
});

describe('a package that was never run', () => {
  it('is not run when it is another by the time that its first worker starts', async () => {
    await using it = await openHost();
    await it.sandbox.addConnector({ ...version('new'), version: '1.0.1' });
    const refused = { code: 'UNAVAILABLE', details: { reason: 'package_replaced' } };
    await expect(ask(it, 'tell')).rejects.toMatchObject(refused);
    await expect(it.service.describe('one')).rejects.toMatchObject({ ...refused, connector: 'one' });
    await it.sandbox.removePackage('connector-telling');
    await expect(ask(it, 'tell')).rejects.toMatchObject({
      message: expect.stringMatching(/version 1\.0\.0, is gone;/),
    });
    await it.sandbox.addConnector({ ...version('new'), version: '1.0.1' });
    await it.service.rescanPlugins();
    expect(await ask(it, 'tell')).toBe('new');
  });

  it.each([
    ...WAYS,
    [
      'by a build, which writes one file that its entry imports',
      (it: SandboxHost) =>
        writeFile(join(it.sandbox.pathOf('connector-telling'), 'imported.js'), "export default 'new';"),
    ],
  ] as const)('is not run when its files were replaced %s, until somebody scans', async (_way, replace) => {
    await using it = await openHost();
    // Longer than the system's clock for files stands still.
    await delay(20);
    await replace(it, version('new'));
    const refused = { code: 'UNAVAILABLE', blame: 'operator', details: { reason: 'package_replaced' } };
    for (const action of ['tell', 'imported']) await expect(ask(it, action)).rejects.toMatchObject(refused);
    await it.service.rescanPlugins();
    expect(await ask(it, 'imported')).toBe('new');
  });

  it('runs from where it is installed where there can be no snapshot, and the log says why', async () => {
    await using it = await openHost();
    await writeFile(join(it.sandbox.root, '.automate', 'plugins'), 'in the way');
    expect(await ask(it, 'tell')).toBe('old');
    await restartWorker(it);
    expect(await ask(it, 'imported')).toBe('old');
    const warnings = it.logText.match(/"level":"?(?:warn|40)"?.*no snapshot of it can be made/g);
    expect(warnings).toHaveLength(1);
  });
});
