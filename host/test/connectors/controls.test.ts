import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openCommandLineDoor } from '../parity/command-line-door.ts';

const YAML = `
connectors:
  - { id: of-file, kind: echo }
  - { id: off, kind: echo, enabled: false }
`;
const open = async (env: Readonly<Record<string, string>> = {}): Promise<SandboxHost> => {
  const host = await SandboxHost.open({ kinds: ['echo'], yaml: YAML, env: { HEALTH_INTERVAL: '500h', ...env } });
  await host.service.register({ id: 'of-api', kind: 'echo' });
  return host;
};
const say = (service: ConnectorService, id: string) => service.execute({ id, action: 'say', payload: { text: 'x' } });
const PAUSED = { code: 'UNAVAILABLE', blame: 'operator', effect: 'none', details: { reason: 'paused' } };

describe('a connector that is paused', () => {
  let host: SandboxHost;
  let doors: Readonly<Record<string, ConnectorService>>;
  beforeAll(async () => {
    host = await open();
    doors = {
      'in process': host.service,
      gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
      REST: openRestBackend(host.host.httpAddress ?? ''),
      'the command line': openCommandLineDoor(host.sandbox.root),
    };
  });
  afterAll(async () => {
    await doors['gRPC']?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each(
    ['in process', 'gRPC', 'REST', 'the command line'].flatMap((door) => [
      [door, 'of-file'],
      [door, 'of-api'],
    ]),
  )('%s takes no calls, is well, and says so everywhere until it is resumed: %s', async (door, id) => {
    const service = doors[door] as ConnectorService;
    const paused = await service.pause(id);
    expect(paused).toMatchObject({ id, enabled: true, pausedSince: expect.stringMatching(/^\d{4}-.*Z$/) });
    await expect(service.pause(id)).resolves.toMatchObject({ pausedSince: paused.pausedSince });
    await expect(say(service, id)).rejects.toMatchObject({ ...PAUSED, connector: id });
    await expect(service.healthCheck(id)).resolves.toMatchObject({ status: 'healthy', paused: true });
    await expect(service.healthCheckAll({ cached: true })).resolves.toMatchObject({ [id]: { paused: true } });
    const { pausedSince } = paused;
    await expect(service.get(id)).resolves.toMatchObject({ connector: { status: 'healthy', pausedSince } });
    expect((await service.list()).find((info) => info.id === id)).toMatchObject({ pausedSince });
    await expect(host.service.getStatus()).resolves.toMatchObject({ connectors: { total: 3, paused: 1 } });
    if (door !== 'the command line') await expect(service.describe(id)).resolves.toMatchObject({ paused: true });
    const metrics = await (await fetch(`${host.host.httpAddress}/metrics`)).text();
    expect(metrics).toContain(`automate_connector_paused{connector="${id}"} 1\n`);
    const resumed = await service.resume(id);
    expect(resumed.pausedSince).toBeUndefined();
    await expect(say(service, id)).resolves.toMatchObject({ result: { text: 'x' } });
  });

  it('is told to watchers, lets calls under way end, and keeps what it runs', async () => {
    const told: (string | undefined)[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const event of host.service.watch({ signal: stop.signal }))
        if (event.kind === 'updated') told.push(event.connector.pausedSince);
    })();
    const gate = join(host.sandbox.root, 'gate');
    const began = join(host.sandbox.root, 'began');
    const first = await host.service.execute({ id: 'of-file', action: 'count' });
    const underWay = host.service.execute({ id: 'of-file', action: 'wait', payload: { began, gate } });
    await eventually(() => existsSync(began));
    await host.service.pause('of-file');
    await writeFile(gate, '');
    await expect(underWay).resolves.toMatchObject({ attempts: 1 });
    await host.service.resume('of-file');
    const { result } = await host.service.execute({ id: 'of-file', action: 'count' });
    expect(JSON.stringify(result)).not.toBe(JSON.stringify(first.result));
    await eventually(() => told.length >= 2);
    stop.abort();
    await watching;
    expect(told).toStrictEqual([expect.any(String), undefined]);
    await rm(gate);
  });

  it('is nobody that there is not, and nobody is stopped by mistake', async () => {
    for (const verb of ['pause', 'resume', 'restart', 'enable', 'disable'] as const)
      await expect(host.service[verb]('of-fil')).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('of-file'),
      });
    await expect(host.service.pause(7 as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('what is set of a connector', () => {
  it('outlives the host, a reload, an update, and goes with the connector', async () => {
    let host = await open();
    try {
      for (const id of ['of-file', 'of-api']) await host.service.pause(id);
      await host.service.disable('of-api');
      await host.service.enable('off');
      host = await host.restart();
      await expect(say(host.service, 'of-file')).rejects.toMatchObject(PAUSED);
      await expect(say(host.service, 'of-api')).rejects.toMatchObject({ details: { reason: 'disabled' } });
      await expect(say(host.service, 'off')).resolves.toBeDefined();
      await host.writeConfig(YAML.replace('id: of-file,', 'id: of-file, settings: { greeting: hi },'));
      await expect(host.host.reload()).resolves.toMatchObject({ ok: true, updated: ['of-file'] });
      await expect(say(host.service, 'of-file')).rejects.toMatchObject(PAUSED);
      await host.service.update({ id: 'of-api', kind: 'echo', name: 'Another' });
      await expect(host.service.get('of-api')).resolves.toMatchObject({
        connector: { name: 'Another', enabled: false, override: 'disabled', pausedSince: expect.any(String) },
        config: { enabled: true },
      });
      await host.service.remove('of-api');
      await host.service.register({ id: 'of-api', kind: 'echo' });
      await expect(say(host.service, 'of-api')).resolves.toBeDefined();
      await host.writeConfig(YAML.replace(/.*of-file.*\n/, ''));
      await host.host.reload();
      await host.writeConfig(YAML);
      await host.host.reload();
      await expect(say(host.service, 'of-file')).resolves.toBeDefined();
    } finally {
      await host[Symbol.asyncDispose]();
    }
  });

  it('is on disk once it was answered, however the host ends', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    {
      await using host = await project.start();
      await using service = await connect({ address: host.ready.grpc });
      await service.pause('of-file');
      await service.enable('off');
      await host.end('SIGKILL');
    }
    await using host = await project.start();
    await using service = await connect({ address: host.ready.grpc });
    await expect(say(service, 'of-file')).rejects.toMatchObject(PAUSED);
    await expect(say(service, 'off')).resolves.toBeDefined();
    const shown = await project.automate(['connectors', 'list']);
    expect(shown.stdout).toMatch(/of-file .*paused/);
    expect(await project.automate(['connectors', 'resume', 'of-file'])).toMatchObject({ status: 0 });
    await expect(say(service, 'of-file')).resolves.toBeDefined();
  });

  it('counts instead of the configuration until that says the same', async () => {
    await using host = await open();
    await say(host.service, 'of-file');
    await expect(host.service.disable('of-file')).resolves.toMatchObject({
      enabled: false,
      status: 'unavailable',
      override: 'disabled',
    });
    await expect(say(host.service, 'of-file')).rejects.toMatchObject({
      retryable: false,
      details: { reason: 'disabled' },
      message: expect.stringContaining('automate connectors enable of-file'),
    });
    await expect(host.service.healthCheck('of-file')).resolves.toMatchObject({ message: 'disabled over the API' });
    await expect(host.service.restart('of-file')).rejects.toMatchObject({ details: { reason: 'disabled' } });
    const enabled = await host.service.enable('of-file');
    expect([enabled.enabled, enabled.override, enabled.status]).toStrictEqual([true, undefined, 'healthy']);
    await expect(say(host.service, 'of-file')).resolves.toBeDefined();
    await host.service.enable('off');
    const off = await host.service.disable('off');
    expect([off.enabled, off.override]).toStrictEqual([false, undefined]);
  });
});

describe('a restart', () => {
  it('starts another worker', async () => {
    await using host = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: one, kind: echo }]',
      env: { HEALTH_INTERVAL: '500h' },
    });
    const count = async () => (await host.service.execute({ id: 'one', action: 'count' })).result;
    const first = await count();
    expect(await count()).not.toStrictEqual(first);
    await expect(host.service.restart('one')).resolves.toMatchObject({ status: 'healthy' });
    expect(await count()).toStrictEqual(first);
    await expect(host.service.listHealthHistory('one')).resolves.toMatchObject([
      { status: 'healthy', message: 'connected', by: 'connect' },
    ]);
  });

  it('that is overtaken by others answers how it went with what took its place', async () => {
    await using host = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: one, kind: echo }]',
      env: { HEALTH_INTERVAL: '500h' },
    });
    const restarts = Array.from({ length: 20 }, () => host.service.restart('one'));
    for (const info of await Promise.all(restarts)) expect(info).toMatchObject({ status: 'healthy' });
    const enables = Array.from({ length: 10 }, async () => {
      await host.service.disable('one');
      return host.service.enable('one');
    });
    for (const info of await Promise.all(enables)) expect(info.enabled).toBe(info.status === 'healthy');
    await expect(host.service.enable('one')).resolves.toMatchObject({ enabled: true });
    const [restarted] = await Promise.allSettled([host.service.restart('one'), host.service.disable('one')]);
    expect(restarted).toMatchObject({ reason: { code: 'UNAVAILABLE', details: { reason: 'disabled' } } });
  });

  it('that fails says so, and stays in the history of its health', async () => {
    await using host = await SandboxHost.open({
      kinds: ['unreachable'],
      yaml: 'connectors: [{ id: refused, kind: unreachable, retry: { attempts: 1 } }]',
      env: { HEALTH_INTERVAL: '500h' },
    });
    const door = openRestBackend(host.host.httpAddress ?? '');
    await expect(door.restart('refused')).resolves.toMatchObject({
      status: 'unhealthy',
      lastError: expect.any(String),
    });
    await door.healthCheck('refused');
    await expect(door.listHealthHistory('refused')).resolves.toMatchObject([
      { status: 'unhealthy', blame: expect.any(String), by: 'connect' },
      { status: 'unhealthy', by: 'check' },
    ]);
  });
});

describe('the status of a host', () => {
  it('says which it is, since when, where it is reached and how its connectors are, at every door', async () => {
    await using host = await open();
    await host.service.healthCheckAll();
    const status = {
      version: expect.stringMatching(/^\d/),
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      node: expect.any(String),
      dataDir: '.automate',
      connectors: { total: 3, healthy: 2, unhealthy: 0, unavailable: 1, unknown: 0, paused: 0, heldBack: 0 },
    };
    const local = await host.service.getStatus();
    expect(local).toMatchObject(status);
    expect(local.doors).toMatchObject([
      { name: 'grpc', address: host.host.grpcAddress },
      { name: 'rest', address: host.host.httpAddress },
      { name: 'socket', address: host.host.socketPath },
    ]);
    await using remote = await connect({ address: host.host.grpcAddress ?? '' });
    await expect(remote.getStatus()).resolves.toStrictEqual(local);
    await expect(openRestBackend(host.host.httpAddress ?? '').getStatus()).resolves.toStrictEqual(local);
  });
});
