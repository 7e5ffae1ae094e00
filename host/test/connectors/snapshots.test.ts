import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createHost } from '../../dist/create-host.js';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { adapter, ask, install, openHost, pluginsDir, restartWorker } from '../fixtures/telling-host.ts';
import { until } from '../runtime/support.ts';

describe('snapshots', () => {
  const SAYING = adapter('tell: act(() => import.meta.url), die: act(() => process.exit(3)),');
  const snapshotOf = async (it: SandboxHost): Promise<string> => basename(dirname(String(await ask(it))));

  it('are made when a package is first run, for their owner alone, and used again by the next host', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    await expect(readdir(pluginsDir(it))).rejects.toMatchObject({ code: 'ENOENT' });
    const name = await snapshotOf(it);
    expect(name).toMatch(/^connector-telling@1\.0\.0-[0-9a-f]{16}$/);
    const before = await stat(join(pluginsDir(it), name));
    expect([(await stat(pluginsDir(it))).mode & 0o777, before.mode & 0o777]).toEqual([0o700, 0o700]);
    await using next = await it.restart();
    expect(await snapshotOf(next)).toBe(name);
    expect((await stat(join(pluginsDir(it), name))).ino).toBe(before.ino);
  });

  it('are made once for several kinds of a package that start together, each from where it begins', async () => {
    const kinds = ['one', 'two', 'three'];
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: `connectors:\n${kinds.map((kind) => `  - id: ${kind}\n`).join('')}`,
      prepare: async (sandbox) => {
        const connectors = Object.fromEntries(kinds.map((kind) => [kind, { entry: `./${kind}.js` }]));
        const source = await readFile(join(import.meta.dirname, '../fixtures/connectors/echo.js'), 'utf8');
        await sandbox.addConnector({
          kind: 'one',
          source,
          packageJson: { automate: { connectors } },
          files: Object.fromEntries(
            kinds.map((kind) => [`${kind}.js`, source.replace("name = 'echo'", `name = '${kind}'`)]),
          ),
        });
      },
    });
    const said = kinds.map((id) => it.service.execute({ id, action: 'say', payload: { text: id } }));
    expect((await Promise.all(said)).map(({ result }) => (result as { text: string }).text)).toEqual(kinds);
    expect(await readdir(pluginsDir(it))).toHaveLength(1);
  });

  it('that were cut short are made anew', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const name = await snapshotOf(it);
    await it.host.close();
    await writeFile(join(pluginsDir(it), name, 'adapter.js'), '');
    await using next = await it.restart();
    expect(await snapshotOf(next)).toBe(name);
  });

  it('go when nobody needs them any more: at a scan, with the next host, and those that were never finished', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const first = await snapshotOf(it);
    await install(it.sandbox, { source: `${SAYING}\n` });
    await it.service.rescanPlugins();
    const second = await snapshotOf(it);
    expect(second).not.toBe(first);
    await it.service.rescanPlugins();
    await it.service.rescanPlugins();
    expect(await readdir(pluginsDir(it))).toEqual([second]);
    await it.host.close();
    await mkdir(join(pluginsDir(it), '.new-cut-short'));
    await mkdir(join(pluginsDir(it), '@gone+connector@1.0.0-0123456789abcdef'));
    await mkdir(join(pluginsDir(it), 'connector-telling@1.0.0-0123456789abcdef'));
    await using next = await it.restart();
    expect(await snapshotOf(next)).toBe(second);
    await next.host.close();
    expect(await readdir(pluginsDir(it))).toEqual([second]);
  });

  it('are left alone by a program beside a host, and by one without a host for a day', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const ofHost = await snapshotOf(it);
    const old = 'connector-telling@1.0.0-0123456789abcdef';
    const fresh = 'connector-telling@1.0.0-0123456789abcdee';
    for (const name of [old, fresh]) await mkdir(join(pluginsDir(it), name));
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    for (const name of [old, ofHost]) await utimes(join(pluginsDir(it), name), twoDaysAgo, twoDaysAgo);
    await install(it.sandbox, { source: `${SAYING}\n` });
    const run = async (): Promise<void> => {
      await using beside = await createHost({ cwd: it.sandbox.root, env: {}, logTo: new PassThrough(), serve: false });
      await beside.service.execute({ id: 'one', action: 'tell', payload: {} });
    };
    await run();
    expect(await readdir(pluginsDir(it))).toEqual(expect.arrayContaining([ofHost, old, fresh]));
    await it.host.close();
    await run();
    const left = await readdir(pluginsDir(it));
    expect([left.length, left]).toEqual([2, expect.arrayContaining([fresh])]);
    // They held the directory for an instant only.
    await using next = await it.restart();
    await snapshotOf(next);
  });

  it('stay while a version that is held back leaves a connector with the one before', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    await it.service.healthCheck('one');
    const first = await snapshotOf(it);
    for (const times of [1, 2, 3]) {
      await install(it.sandbox, { source: `throw new Error('broken ${times}');` });
      await expect(it.service.rescanPlugins()).resolves.toMatchObject({ plugins: [{ status: 'held_back' }] });
    }
    await restartWorker(it);
    expect(await snapshotOf(it)).toBe(first);
    await it.service.rescanPlugins();
    expect(await readdir(pluginsDir(it))).toHaveLength(2);
  });

  it('share what a package manager keeps in its store, and copy what is linked for development', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'automate-store-'));
    await using it = await openHost(async (sandbox) => {
      const installed = join(await install(sandbox, { source: SAYING }), 'adapter.js');
      await link(installed, join(elsewhere, 'in-the-store'));
    });
    const inode = async (name: string): Promise<number> => (await stat(join(pluginsDir(it), name, 'adapter.js'))).ino;
    const store = await stat(join(elsewhere, 'in-the-store'));
    expect(await inode(await snapshotOf(it))).toBe(store.ino);
    const linked = it.sandbox.pathOf('connector-telling');
    const text = await readFile(join(linked, 'package.json'), 'utf8');
    await rm(linked, { recursive: true });
    await symlink(elsewhere, linked, 'dir');
    await writeFile(join(elsewhere, 'package.json'), text);
    await link(join(elsewhere, 'in-the-store'), join(elsewhere, 'adapter.js'));
    await mkdir(join(elsewhere, 'node_modules', '@automate'), { recursive: true });
    await symlink(it.sandbox.pathOf('@automate/sdk'), join(elsewhere, 'node_modules', '@automate', 'sdk'), 'dir');
    await it.service.rescanPlugins();
    expect(await inode(await snapshotOf(it))).not.toBe(store.ino);
    await rm(elsewhere, { recursive: true });
  });

  it('that somebody removed are made again, while what was admitted still lies where it is installed', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const name = await snapshotOf(it);
    await rm(pluginsDir(it), { recursive: true });
    await restartWorker(it);
    expect(await snapshotOf(it)).toBe(name);
    await rm(pluginsDir(it), { recursive: true });
    await install(it.sandbox, { source: `${SAYING}\n` });
    await restartWorker(it);
    await expect(ask(it)).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'package_replaced' } });
  });

  it('that are used again count as used now, for programs that remove what nobody used for long', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const directory = join(pluginsDir(it), await snapshotOf(it));
    await it.host.close();
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    await utimes(directory, twoDaysAgo, twoDaysAgo);
    await using next = await it.restart();
    await snapshotOf(next);
    expect((await stat(directory)).mtimeMs).toBeGreaterThan(Date.now() - 3_600_000);
  });

  it('are being removed, or have been, when the host has closed: none is left half there', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING }));
    const name = await snapshotOf(it);
    await it.host.close();
    const unneeded = join(pluginsDir(it), 'connector-gone@1.0.0-0123456789abcdef');
    await mkdir(unneeded);
    for (let index = 0; index < 4_000; index += 1) writeFileSync(join(unneeded, `${index}`), '');
    await using next = await it.restart();
    await next.host.close();
    expect(await readdir(pluginsDir(it))).toEqual([name]);
  });

  it('stay for as long as a worker runs from them, also one that only ends its calls', async () => {
    const lazy = adapter(
      `tell: act(async ({ began, gate }) => {
        writeFileSync(began, '');
        while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
        return (await import('./late.js')).default;
      }),`,
      "import { existsSync, writeFileSync } from 'node:fs';",
    );
    const files = { 'late.js': "export default 'old';" };
    await using it = await openHost((sandbox) => install(sandbox, { source: lazy, files }));
    const [began, gate] = [join(it.sandbox.root, 'began'), join(it.sandbox.root, 'gate')];
    const payload = { began, gate };
    const underWay = it.service.execute({ id: 'one', action: 'tell', payload });
    await until('the call is under way', () => existsSync(began));
    await install(it.sandbox, { source: `${lazy}\n`, files: { 'late.js': "export default 'new';" } });
    for (const _time of [1, 2]) await it.service.rescanPlugins();
    await it.sandbox.writeFile('gate', '');
    await expect(underWay).resolves.toMatchObject({ result: 'old' });
    await expect(it.service.execute({ id: 'one', action: 'tell', payload })).resolves.toMatchObject({ result: 'new' });
    await it.service.rescanPlugins();
    await until('the old one has gone', () => readdirSync(pluginsDir(it)).length === 1);
  });

  it('hold nothing of the history of a package, which makes no other build of it', async () => {
    await using it = await openHost((sandbox) => install(sandbox, { source: SAYING, files: { '.git/HEAD': 'one' } }));
    const name = await snapshotOf(it);
    expect(await readdir(join(pluginsDir(it), name))).not.toContain('.git');
    await writeFile(join(it.sandbox.pathOf('connector-telling'), '.git', 'HEAD'), 'another');
    await it.service.rescanPlugins();
    expect(await snapshotOf(it)).toBe(name);
  });
});
