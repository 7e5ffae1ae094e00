import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { count, entry, ENTRY, openHost, source } from '../fixtures/counting-host.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const fileOf = (host: SandboxHost): Promise<string> =>
  readFile(join(host.sandbox.root, 'config', 'connectors.yaml'), 'utf8');

describe('a change whose caller leaves before it is made', () => {
  const connectSlowly = `
    (globalThis.process ??= process).emitWarning('it connects');
    await new Promise((resolve) => setTimeout(resolve, this.context.settings.ms ?? 0));
    return true;`;
  const slow = (ms: number): string =>
    `${entry(', more: 1')}  - { id: slow, kind: counting, settings: { ms: ${ms} } }\n`;
  let host: SandboxHost;
  let doors: Readonly<Record<string, ConnectorService>>;
  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: [],
      yaml: ENTRY,
      prepare: async (sandbox) =>
        void (await sandbox.addConnector({ kind: 'counting', source: source({ connect: connectSlowly }) })),
    });
    doors = {
      'in process': host.service,
      gRPC: await connect({ address: host.host.grpcAddress ?? '' }),
      REST: openRestBackend(host.host.httpAddress ?? ''),
    };
  });
  afterAll(async () => {
    await doors['gRPC']?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each(['in process', 'gRPC', 'REST'])('%s is given up: nothing is applied behind its back', async (door) => {
    const service = doors[door] as ConnectorService;
    const idsOf = async () => (await host.service.list()).map(({ id }) => id);
    const before = await idsOf();
    const leaving = new AbortController();
    const seen = host.logText.split('it connects').length;
    const applying = service.applyConfig({ yaml: slow(1_500) }, { signal: leaving.signal });
    const refused = expect(applying).rejects.toMatchObject({ code: 'CANCELLED' });
    await eventually(() => host.logText.split('it connects').length > seen);
    leaving.abort();
    await refused;
    await expect(service.applyConfig({ yaml: slow(1_500) }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    // It comes after those that were given up.
    await expect(host.host.reload()).resolves.toMatchObject({ ok: true, added: [], updated: [] });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await fileOf(host)).toBe(ENTRY);
    expect(await idsOf()).toStrictEqual(before);
  });

  it('leaves the turn to whoever comes after it', async () => {
    const leaving = new AbortController();
    const first = host.service.applyConfig({ yaml: slow(600_000) }, { signal: leaving.signal }).catch(() => undefined);
    const waiting = host.service.applyConfig({ yaml: slow(600_000) }, { timeoutMs: 100 }).catch(() => undefined);
    leaving.abort();
    await first;
    await waiting;
    const startedAt = Date.now();
    await host.service.applyConfig({ yaml: ENTRY });
    expect(Date.now() - startedAt).toBeLessThan(4_000);
  });
});

describe('a change that cannot be made whole', () => {
  it('puts nothing of a file in force that is refused for the packages that are there', async () => {
    await using host = await openHost(ENTRY, true);
    const ask = async (): Promise<readonly number[]> =>
      Promise.all(
        Array.from({ length: 20 }, async () => (await fetch(`${host.host.httpAddress}/api/v1/connectors`)).status),
      );
    expect(await ask()).not.toContain(429);
    await host.writeConfig(`${ENTRY}plugins: { frozen: true }\naccess: { limits: { requests_per_second: 1 } }\n`);
    await expect(host.host.reload()).resolves.toMatchObject({ ok: false });
    expect(await ask()).not.toContain(429);
    await host.writeConfig(`${ENTRY}access: { limits: { requests_per_second: 1 } }\n`);
    await expect(host.host.reload()).resolves.toMatchObject({ ok: true });
    expect(await ask()).toContain(429);
  });

  it('tells of the packages as they are in force, whether it was made or refused', async () => {
    await using host = await openHost(ENTRY, true);
    const statusOf = async (): Promise<string | undefined> =>
      (await host.service.plugins()).plugins.find(({ package: name }) => name === 'connector-counting')?.status;
    const denied = (more: string): string => `connectors: []\nplugins: { deny: [connector-counting]${more} }\n`;
    expect(await statusOf()).toBe('admitted');
    await host.service.planConfig({ yaml: denied('') });
    expect(await statusOf()).toBe('admitted');
    await host.writeConfig(denied(', frozen: true'));
    await expect(host.host.reload()).resolves.toMatchObject({ ok: false });
    expect(await statusOf()).toBe('admitted');
    await host.service.applyConfig({ yaml: denied('') });
    expect(await statusOf()).toBe('rejected');
    await host.service.applyConfig({ yaml: ENTRY });
    expect(await statusOf()).toBe('admitted');
  });

  it('is made all the same where only what was set of a removed connector stays in the store', async () => {
    await using host = await openHost(`${ENTRY}  - { id: two, kind: counting }\n`, true);
    await host.service.register({ id: 'three', kind: 'counting' });
    for (const id of ['two', 'three']) await host.service.pause(id);
    const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'connectors.db'));
    database.exec("CREATE TRIGGER stuck BEFORE DELETE ON overlays BEGIN SELECT RAISE(ABORT, 'stuck'); END");
    await expect(host.service.applyConfig({ yaml: ENTRY })).resolves.toMatchObject({
      connectors: [{ id: 'two', change: 'removed' }],
    });
    expect(await fileOf(host)).toBe(ENTRY);
    await host.service.remove('three');
    expect((await host.service.list()).map(({ id }) => id)).toStrictEqual(['one']);
    await expect(host.service.planConfig()).resolves.toMatchObject({ connectors: [], problems: [] });
    // Another of that name is not to be paused for what became of the first: so it is not made.
    await expect(host.service.register({ id: 'three', kind: 'counting' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect((await host.service.list()).map(({ id }) => id)).toStrictEqual(['one']);
    database.exec('DROP TRIGGER stuck');
    database.close();
    await host.service.register({ id: 'three', kind: 'counting' });
    await expect(count(host, 'three')).resolves.toMatchObject({ count: 1 });
  });
});
