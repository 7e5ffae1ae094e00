import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { attempt, openPrying } from './prying.ts';

const PACKAGE = 'connector-prying';
const plugins = (grant: unknown): string => JSON.stringify({ grants: { [PACKAGE]: grant } });

describe('a permission that a manifest asks for and nobody grants', () => {
  it.each([
    [
      'network',
      { network: ['api.example.com:443'] },
      'grants: { "connector-prying": { network: ["api.example.com:443"] } }',
    ],
    ['env', { env: ['TOKEN'] }, 'grants: { "connector-prying": { env: ["TOKEN"] } }'],
    ['fs.read', { fs: { read: ['/srv/a'] } }, 'grants: { "connector-prying": { fs: { read: ["/srv/a"] } } }'],
    [
      'fs.write',
      { fs: { write: ['*'] } },
      'grants: { "connector-prying": { fs: { write: ["/the/directory/it/needs"] } } }',
    ],
    ['child_process', { childProcess: true }, 'grants: { "connector-prying": { child_process: true } }'],
  ])(
    'keeps a restricted connector from starting, by name and with the line that grants it: %s',
    async (name, permissions, line) => {
      await using it = await openPrying({ manifest: { permissions } });
      const refused = {
        blame: 'operator',
        message: expect.stringContaining(line),
        problems: [{ path: 'isolation', message: expect.stringContaining(`asks for the permission ${name}`) }],
      };
      await expect(attempt(it, 'restricted', 'return 1')).rejects.toMatchObject({ code: 'CONFIG_INVALID', ...refused });
      await expect(it.service.register({ id: 'new', kind: 'prying', isolation: 'restricted' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: refused.problems,
      });
      // The others have no walls.
      expect(await attempt(it, 'process', 'return 1')).toEqual({ got: 1 });
      expect(await attempt(it, 'thread', 'return 1')).toEqual({ got: 1 });
    },
  );

  it.each([
    ['one', { network: ['api.example.com:443'] }],
    [
      'several',
      {
        network: ['api.example.com:443', '*:5432'],
        env: ['TOKEN', 'REGION'],
        fs: { read: ['/srv/a', '*'], write: ['/srv/b'] },
        childProcess: true,
      },
    ],
  ])('is granted by that very line, without a restart of the host: %s', async (_count, permissions) => {
    await using it = await openPrying({ manifest: { permissions } });
    const refused = await attempt(it, 'restricted', 'return 1').catch((error: unknown) => error as Error);
    const line = /configuration file: (grants: .*)$/.exec((refused as Error).message)?.[1] ?? '';
    // Two of them below each other would be a key that stands there twice.
    expect((refused as Error).message.split('grants: {')).toHaveLength(2);
    await it.writeConfig(
      `plugins:\n  ${line}\nconnectors: [{ id: restricted, kind: prying, isolation: restricted }]\n`,
    );
    await it.host.reload();
    expect(await attempt(it, 'restricted', 'return 1')).toEqual({ got: 1 });
  });
});

describe('isolation that is raised', () => {
  const yaml = (isolation: string, policy = '{}'): string =>
    `plugins: ${policy}\nconnectors: [{ id: one, kind: prying${isolation} }]\n`;

  it.each([
    ['of the connector', yaml(', isolation: process'), yaml(', isolation: restricted')],
    ['of its package', yaml(''), yaml('', '{ minimum_isolation: { "*": restricted } }')],
  ])('holds at once, whatever stops working with it: %s', async (_whose, before, after) => {
    await using it = await openPrying({ yaml: before, manifest: { permissions: { network: ['a:1'] } } });
    expect(await attempt(it, 'one', 'return 1')).toEqual({ got: 1 });
    await it.writeConfig(after);
    expect(await it.host.reload()).toMatchObject({ ok: true, heldBack: [] });
    await expect(attempt(it, 'one', 'return 1')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('by a caller is refused to that caller where it does not work, and the connector goes on', async () => {
    await using it = await openPrying({
      yaml: 'connectors: []\n',
      prepare: async ({ root }) => symlink('/etc/passwd', join(root, 'node_modules', PACKAGE, 'innocent.txt')),
    });
    await it.service.register({ id: 'one', kind: 'prying', isolation: 'process' });
    expect(await attempt(it, 'one', 'return 1')).toEqual({ got: 1 });
    await expect(it.service.update({ id: 'one', kind: 'prying', isolation: 'restricted' })).rejects.toMatchObject({
      message: expect.stringMatching(/leads out of its package/),
    });
    expect(await attempt(it, 'one', 'return 1')).toEqual({ got: 1 });
  });
});

describe('a grant', () => {
  it('of variables gives them at every level, and no others', async () => {
    await using it = await openPrying({
      env: { ASKED: 'a', UNASKED: 'u', UNGRANTED: 'n', HOST_SECRET: 'h' },
      manifest: { permissions: { env: ['ASKED', 'MISSING'] } },
      plugins: plugins({ env: ['ASKED', 'MISSING', 'UNASKED'] }),
    });
    for (const id of ['thread', 'process', 'restricted'])
      expect([id, await attempt(it, id, 'return { ...process.env }')]).toEqual([id, { got: { ASKED: 'a' } }]);
  });

  it('of a variable that is secret by its name keeps its value out of what is said', async () => {
    await using it = await openPrying({
      env: { API_TOKEN: 'hush-4711-hush' },
      manifest: { permissions: { env: ['API_TOKEN'] } },
      plugins: plugins({ env: ['API_TOKEN'] }),
    });
    expect(await attempt(it, 'restricted', 'return process.env.API_TOKEN')).toEqual({ got: '[secret]' });
    expect(it.logText).not.toContain('hush-4711');
  });

  it('of the network opens it', async () => {
    await using server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await using it = await openPrying({
      manifest: { permissions: { network: ['*'] } },
      plugins: plugins({ network: [`127.0.0.1:${port}`] }),
    });
    const connect = `return await new Promise((done, fail) => require('net').connect(given.port, '127.0.0.1').on('data', (data) => done(String(data))).on('error', fail))`;
    expect(await attempt(it, 'restricted', connect, { port })).toEqual({ got: 'hello' });
  });

  it('of files opens them and no others: what was asked for where more is granted, what was granted where any was asked for', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'granted-'));
    const root = directory.path;
    for (const name of ['asked', 'beside', 'out']) await mkdir(join(root, name));
    for (const name of ['asked/a', 'beside/b']) await writeFile(join(root, name), 'content');
    await symlink(join(root, 'asked'), join(root, 'link'));
    await using it = await openPrying({
      manifest: { permissions: { fs: { read: [`${root}/asked`, `${root}/link`], write: ['*'] } } },
      plugins: plugins({ fs: { read: [root], write: [`${root}/out`] } }),
    });
    const reads = (name: string): Promise<unknown> =>
      attempt(it, 'restricted', `return require('fs').readFileSync(given.file, 'utf8')`, { file: join(root, name) });
    const writes = (name: string): Promise<unknown> =>
      attempt(it, 'restricted', `return require('fs').writeFileSync(given.file, 'written')`, {
        file: join(root, name),
      });
    const denied = { refused: 'ERR_ACCESS_DENIED' };
    expect(await reads('asked/a')).toEqual({ got: 'content' });
    expect(await reads('link/a')).toEqual({ got: 'content' });
    expect(await reads('beside/b')).toEqual(denied);
    expect(await writes('out/new')).toEqual({ got: null });
    expect(await readFile(join(root, 'out/new'), 'utf8')).toBe('written');
    expect(await reads('out/new')).toEqual(denied);
    expect(await writes('asked/a')).toEqual(denied);
  });

  it('of relative paths begins where the configuration file is', async () => {
    await using it = await openPrying({
      manifest: { permissions: { fs: { read: ['*'] } } },
      plugins: plugins({ fs: { read: ['../shared'] } }),
      prepare: async ({ root }) => {
        await mkdir(join(root, 'shared'));
        await writeFile(join(root, 'shared/a'), 'content');
      },
    });
    const file = join(it.sandbox.root, 'shared/a');
    expect(await attempt(it, 'restricted', `return require('fs').readFileSync(given.file, 'utf8')`, { file })).toEqual({
      got: 'content',
    });
  });

  it('of programs lets them be started and ended', async () => {
    await using it = await openPrying({
      manifest: { permissions: { childProcess: true } },
      plugins: plugins({ child_process: true }),
    });
    expect(
      await attempt(it, 'restricted', `return String(require('child_process').execFileSync('/bin/echo', ['hi']))`),
    ).toEqual({
      got: 'hi\n',
    });
    expect(
      await attempt(
        it,
        'restricted',
        `const child = require('child_process').spawn('/bin/sleep', ['60']); process.kill(child.pid, 'SIGKILL'); return (await require('events').once(child, 'exit'))[1]`,
      ),
    ).toEqual({
      got: 'SIGKILL',
    });
  });

  it.each([
    ['the directory that holds the data directory', (root: string) => root],
    ['the data directory', (root: string) => join(root, '.automate')],
    ['a file of the data directory', (root: string) => join(root, '.automate/connectors.db')],
    ['the configuration', (root: string) => join(root, 'config/connectors.yaml')],
    ['everything', () => '/'],
    ['a file of a process', () => '/proc/self/environ'],
  ])('never opens what is the host’s own: %s', async (_what, place) => {
    await using it = await openPrying({
      manifest: { permissions: { fs: { read: ['*'] } } },
      prepare: ({ root }) =>
        writeFile(
          join(root, 'config/connectors.yaml'),
          `plugins: ${plugins({ fs: { read: [place(root)] } })}\nconnectors: [{ id: restricted, kind: prying, isolation: restricted }]\n`,
        ),
    });
    await expect(attempt(it, 'restricted', 'return 1')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      blame: 'operator',
      message: expect.stringMatching(/is or holds what is the host's own; the operator must/),
    });
  });

  it('that is taken away is gone at once, whatever stops working without it', async () => {
    const yaml = (env: string): string =>
      `plugins: ${plugins({ env: [env] })}\nconnectors:\n  - { id: thread, kind: prying }\n  - { id: restricted, kind: prying, isolation: restricted }\n`;
    await using it = await openPrying({
      env: { ASKED: 'a' },
      manifest: { permissions: { env: ['ASKED'] } },
      plugins: plugins({ env: ['ASKED'] }),
    });
    for (const id of ['thread', 'restricted'])
      expect(await attempt(it, id, 'return process.env.ASKED')).toEqual({ got: 'a' });
    await it.writeConfig(yaml('OTHER'));
    expect(await it.host.reload()).toMatchObject({ ok: true, heldBack: [] });
    expect(await attempt(it, 'thread', 'return process.env.ASKED')).toEqual({ got: null });
    await expect(attempt(it, 'restricted', 'return 1')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('with which a connector does not start is held back, and the report of plugins says that it is the grant', async () => {
    const yaml = (...read: string[]): string =>
      `plugins: ${plugins({ fs: { read } })}\nconnectors: [{ id: restricted, kind: prying, isolation: restricted }]\n`;
    await using it = await openPrying({ yaml: yaml('/usr'), manifest: { permissions: { fs: { read: ['*'] } } } });
    expect(await attempt(it, 'restricted', 'return 1')).toEqual({ got: 1 });
    await it.writeConfig(yaml('/usr', '/proc'));
    await it.host.reload();
    await expect(it.service.plugins()).resolves.toMatchObject({
      plugins: [
        {
          status: 'held_back',
          message: expect.stringContaining('goes on with the grants and the isolation that it had'),
        },
      ],
    });
    expect(await attempt(it, 'restricted', 'return 1')).toEqual({ got: 1 });
  });

  it('that nobody asked for is a warning', async () => {
    await using it = await openPrying({ plugins: plugins({ network: ['a:1'] }) });
    expect(it.host.report.warnings).toEqual([
      'plugins: grants: { "connector-prying": { network: ["a:1"] } } grants what no kind asks for that was found: remove it, or correct it',
    ]);
  });

  it.each([
    ['of an unknown kind', '{ gpu: true }', 'gpu'],
    ['of a host with a scheme', '{ network: ["https://x"] }', 'network[0]'],
    ['of a port that is none', '{ network: ["x:99999"] }', 'network[0]'],
    ['of all files', '{ fs: { read: ["*"] } }', 'fs.read[0]'],
    ['of a variable that is none', '{ env: ["A-B"] }', 'env[0]'],
    ['of programs by name', '{ child_process: [ls] }', 'child_process'],
  ])('%s is a problem of the configuration, with its line', async (_what, grant, path) => {
    await using it = await openPrying();
    await it.writeConfig(`plugins:\n  grants:\n    connector-prying: ${grant}\n`);
    expect(await it.host.reload()).toMatchObject({
      ok: false,
      problems: [{ path: expect.stringContaining(path.replace(/^gpu$/, 'grants')), line: 3 }],
    });
  });
});

describe('a link in a package that leads out of it', () => {
  it('keeps a restricted connector from starting, and is named', async () => {
    await using it = await openPrying({
      prepare: async ({ root }) => symlink('/etc/passwd', join(root, 'node_modules', PACKAGE, 'innocent.txt')),
    });
    await expect(attempt(it, 'restricted', 'return 1')).rejects.toMatchObject({
      message: expect.stringMatching(/the link ".*innocent\.txt" leads out of its package to "\/etc\/passwd"/),
    });
    expect(await attempt(it, 'process', 'return 1')).toEqual({ got: 1 });
  });

  it('stops nothing where it leads to what may be read anyway', async () => {
    await using it = await openPrying({
      prepare: async ({ root }) => symlink('package.json', join(root, 'node_modules', PACKAGE, 'other.json')),
    });
    expect(await attempt(it, 'restricted', 'return 1')).toEqual({ got: 1 });
  });
});
