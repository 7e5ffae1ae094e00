import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { ConnectorAdapter } from '@automate/sdk';
import type { JsonObject } from '@automate/sdk';
import { addFixture, SandboxHost } from './fixtures/sandbox-host.ts';

const ECHO = join(import.meta.dirname, 'fixtures', 'connectors', 'echo.js');

class InlineAdapter extends ConnectorAdapter {
  readonly name = 'inline_kind';
  override readonly type = 'agent';
  readonly version = '1.0.0';
  async connect(): Promise<boolean> {
    return true;
  }
  override async execute(action: string, payload: JsonObject): Promise<JsonObject> {
    return { id: this.id, action, payload, here: typeof process.env['PATH'] === 'string' };
  }
}

describe('a mode', () => {
  it('is warned of where it says more than it does', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo'],
      serve: false,
      yaml: 'connectors:\n  - { id: near, kind: echo, mode: local }\n  - { id: far, kind: echo, mode: remote }\n',
    });
    expect(it.host.report.warnings).toEqual([
      expect.stringMatching(/^mode: remote of "far" is shown and changes nothing/),
    ]);
  });
});

describe('a kind that needs no configuration', () => {
  it('has a connector of its own name, which the file may replace', async () => {
    const manifests = { echo: { autoconfigure: true } };
    await using it = await SandboxHost.open({ kinds: ['echo'], manifests });
    expect((await it.service.list()).map(({ id, owner }) => [id, owner])).toEqual([['echo', 'plugin']]);
    await expect(it.service.remove('echo')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/plugin/),
    });
    const count = async () => (await it.service.execute({ id: 'echo', action: 'count', payload: {} })).result;
    expect([await count(), await count()]).toEqual([{ count: 1 }, { count: 2 }]);
    await it.service.register({ id: 'another', kind: 'echo' });
    await it.service.remove('another');
    expect(await count()).toEqual({ count: 3 });
    await it.writeConfig('connectors:\n  - { id: echo, settings: { greeting: from the file } }\n');
    await it.host.reload();
    expect((await it.service.list()).map(({ id, owner }) => [id, owner])).toEqual([['echo', 'file']]);
  });
});

describe('a kind with a scheme', () => {
  it('lends it to connectors that name none', async () => {
    const manifests = { echo: { scheme: 'tcp' } };
    const yaml =
      'connectors: [{ id: echo, host: there, port: 1 }, { id: own, kind: echo, scheme: udp, host: there, port: 1 }]\n';
    await using it = await SandboxHost.open({ kinds: ['echo'], manifests, yaml, serve: false });
    for (const [id, scheme] of [
      ['echo', 'tcp'],
      ['own', 'udp'],
    ] as const)
      await expect(it.service.get(id)).resolves.toMatchObject({
        config: { scheme },
        connector: { endpoint: `${scheme}://there:1` },
      });
  });
});

describe('a kind whose connector without configuration cannot be made', () => {
  it('has none, which the report of the start says', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'health', adapter: { entry: ECHO }, autoconfigure: true }],
    });
    expect(await it.service.list()).toEqual([]);
    expect(it.host.report.warnings.join()).toMatch(/"health".*cannot be made: id: .*a route of the REST API/);
  });
});

describe('a kind that the embedding program registers', () => {
  it('runs in a worker when it is a module, and inline, labelled not isolated, when it is a class', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors:\n  - { id: threaded, kind: echo }\n  - { id: inline, kind: inline_kind }\n',
      register: [
        { kind: 'inline_kind', adapter: InlineAdapter, type: 'agent' },
        { kind: 'echo', adapter: { entry: ECHO } },
      ],
    });
    expect((await it.service.list()).map(({ id, isolation }) => [id, isolation])).toEqual([
      ['inline', 'none'],
      ['threaded', 'thread'],
    ]);
    await expect(it.service.execute({ id: 'inline', action: 'anything', payload: { a: 1 } })).resolves.toMatchObject({
      result: { id: 'inline', action: 'anything', payload: { a: 1 }, here: true },
    });
    await expect(it.service.describe('inline')).resolves.toMatchObject({ open: true });
    await expect(it.service.healthCheck('inline')).resolves.toMatchObject({ healthy: true });
    await expect(it.service.execute({ id: 'threaded', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { text: 'x' },
    });
  });

  it('is refused under a name that is none', async () => {
    await expect(SandboxHost.open({ register: [{ kind: 'Not A Name', adapter: InlineAdapter }] })).rejects.toThrow(
      /Not A Name/,
    );
  });
});

describe('a kind that the embedding program registers with a host that runs', () => {
  it('serves the connectors that waited for it, through every door', async () => {
    await using it = await SandboxHost.open({ kinds: [], yaml: 'connectors:\n  - { id: mine, kind: inline_kind }\n' });
    await expect(it.service.execute({ id: 'mine', action: 'a' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await it.host.registry.register('inline_kind', InlineAdapter, { title: 'Mine', type: 'agent' });
    await it.host.registry.register('echo', { entry: ECHO }, { autoconfigure: true });
    await using remote = await connect({ address: it.host.grpcAddress ?? '' });
    for (const service of [it.service, remote]) {
      await expect(service.execute({ id: 'mine', action: 'a', payload: { b: 1 } })).resolves.toMatchObject({
        result: { action: 'a', payload: { b: 1 } },
      });
      await expect(service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
        result: { text: 'x' },
      });
      await expect(service.get('mine')).resolves.toMatchObject({ connector: { type: 'agent', isolation: 'none' } });
    }
    await remote.register({ id: 'second', kind: 'inline_kind', enabled: true });
    await expect(remote.execute({ id: 'second', action: 'a' })).resolves.toMatchObject({ result: { action: 'a' } });
    await it.host.reload();
    await expect(it.service.execute({ id: 'mine', action: 'a' })).resolves.toMatchObject({ result: { action: 'a' } });
  });

  it('cannot be used where its adapter is of another type', async () => {
    await using it = await SandboxHost.open({ kinds: [], serve: false });
    await it.host.registry.register('inline_kind', InlineAdapter, { type: 'storage', autoconfigure: true });
    await expect(it.service.execute({ id: 'inline_kind', action: 'a' })).rejects.toMatchObject({
      blame: 'plugin',
      message: expect.stringMatching(/"storage", its adapter says "agent"/),
    });
  });

  it('is refused twice, under a name that is none, without an adapter, and by a host that is closed', async () => {
    await using it = await SandboxHost.open({ kinds: [], serve: false });
    const { registry } = it.host;
    await registry.register('inline_kind', InlineAdapter);
    await expect(registry.register('inline_kind', InlineAdapter)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(registry.register('Not A Name', {} as never)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'kind', received: '"Not A Name"' }, { path: 'adapter' }],
    });
    await it.host.close();
    await expect(registry.register('other_kind', InlineAdapter)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'closed' },
    });
  });
});

describe('a rescan', () => {
  it('makes a kind usable that was added, and takes one away that is gone', async () => {
    await using it = await SandboxHost.open({
      kinds: ['open_kind'],
      yaml: 'connectors:\n  - { id: echo }\n  - { id: open, kind: open_kind }\n',
    });
    await expect(it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await addFixture(it.sandbox, 'echo');
    await it.service.rescanPlugins();
    await expect(it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { text: 'x' },
    });
    const { plugins } = await it.service.plugins();
    await it.sandbox.removePackage(plugins.find(({ kinds }) => kinds.includes('open_kind'))?.package ?? '');
    await it.service.rescanPlugins();
    await expect(it.service.execute({ id: 'open', action: 'send_message' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect((await it.service.list()).find(({ id }) => id === 'open')).toMatchObject({ status: 'unhealthy' });
  });

  it('gives a new version a new worker and leaves the others alone', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo', 'open_kind'],
      yaml: 'connectors:\n  - { id: echo }\n  - { id: open, kind: open_kind }\n',
    });
    const count = async () => (await it.service.execute({ id: 'echo', action: 'count', payload: {} })).result;
    expect([await count(), await count()]).toEqual([{ count: 1 }, { count: 2 }]);
    await it.service.rescanPlugins();
    expect(await count()).toEqual({ count: 3 });
    const source = (await readFile(ECHO, 'utf8')).replace(
      "this.context.settings.greeting ?? 'hello'",
      "'from version two'",
    );
    await rm(join(it.sandbox.root, 'node_modules', 'connector-echo'), { recursive: true });
    await it.sandbox.addConnector({ kind: 'echo', source, version: '2.0.0' });
    await it.service.rescanPlugins();
    expect(await count()).toEqual({ count: 1 });
    await expect(it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { greeting: 'from version two' },
    });
    await expect(it.service.describe('echo')).resolves.toMatchObject({ package: { version: '2.0.0' } });
  });
});

describe('a connector whose kind is in a package that nobody asked for by name', () => {
  it('says so, though a start does not read such packages', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors:\n  - { id: it, kind: echo }\n',
      prepare: async (sandbox) => {
        await sandbox.addConnector({ kind: 'echo', source: await readFile(ECHO, 'utf8'), dependency: 'transitive' });
      },
    });
    const [info] = await it.service.list();
    expect(info).toMatchObject({ status: 'unhealthy', lastError: expect.stringMatching(/connector-echo/) });
    await expect(it.service.describe('it')).rejects.toMatchObject({
      connector: 'it',
      details: { reason: 'kind_missing' },
      message: expect.stringMatching(/connector-echo/),
    });
    for (const report of [it.service.plugins(), it.service.rescanPlugins()])
      await expect(report).resolves.toMatchObject({ plugins: [{ status: 'rejected', reason: 'transitive' }] });
  });
});

describe('a connector whose kind is missing', () => {
  it('is shown in a thread, and as "custom" unless its type is configured', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      serve: false,
      yaml: 'connectors:\n  - { id: one, kind: gone }\n  - { id: two, kind: gone, type: storage }\n',
    });
    await expect(it.service.list()).resolves.toMatchObject([
      { id: 'one', type: 'custom', isolation: 'thread' },
      { id: 'two', type: 'storage', isolation: 'thread' },
    ]);
  });
});

describe('a kind without actions', () => {
  it('says that it has none where one is called', async () => {
    const source = `
      import { ConnectorAdapter } from '@automate/sdk';
      export default class Bare extends ConnectorAdapter {
        name = 'bare';
        version = '1.0.0';
        actions = {};
        connect() { return true; }
      }`;
    await using it = await SandboxHost.open({
      kinds: [],
      serve: false,
      yaml: 'connectors:\n  - { id: one, kind: bare }\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'bare', source })),
    });
    await expect(it.service.execute({ id: 'one', action: 'act' })).rejects.toMatchObject({
      message: expect.stringContaining('the kind "bare" has no action "act": it has none'),
    });
  });
});

describe('a connection test', () => {
  it('ends a quarantine, since whoever tests has repaired something', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 } }\n',
    });
    const die = () => it.service.execute({ id: 'echo', action: 'die' }).catch((error: unknown) => error);
    let last: unknown;
    for (let crash = 0; crash < 8; crash += 1) last = await die();
    expect(last).toMatchObject({ code: 'UNAVAILABLE' });
    await expect(it.service.test('echo')).resolves.toMatchObject({ success: true });
    await expect(it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { text: 'x' },
    });
  });
});
