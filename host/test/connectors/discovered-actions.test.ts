import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConfiguredLevel, ConnectorEvent, ConnectorService } from '@automate/contract';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { DATABASE_FILE } from '../../dist/store/data-dir.js';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { until } from '../runtime/support.ts';

const AUTOMATE = join(import.meta.dirname, '..', '..', 'bin', 'automate.js');

/** A kind whose actions are what its remote system lists. */
const SOURCE = `
import { action, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
export default class Listed extends ConnectorAdapter {
  name = 'listed';
  version = '1.0.0';
  actions = {
    look_again: action({ description: 'Looks.', input: fromJsonSchema({ type: 'object' }), sideEffects: false, idempotent: true, run: () => { this.context.actionsChanged(); this.context.actionsChanged(); return null; } }),
    pid: action({ description: 'Its process.', input: fromJsonSchema({ type: 'object' }), sideEffects: false, idempotent: true, run: () => process.pid }),
  };
  async connect() { await this.context.http.request({ path: '/' }); return true; }
  async discoverActions(context) {
    const names = await context.http.json({ path: '/actions' });
    const table = {};
    for (const name of names) {
      if (name === 'bad') { context.leaveOut('bad', 'it is bad'); continue; }
      table[name] = action({
        description: 'Runs ' + name + '.',
        input: fromJsonSchema({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false }),
        sideEffects: name.startsWith('write'),
        idempotent: !name.startsWith('write'),
        run: async ({ n }, call) => ({ name, n, sent: await call.http.json({ path: '/run', method: name.startsWith('write') ? 'POST' : 'GET' }) }),
      });
    }
    return table;
  }
}
`;

interface Remote extends AsyncDisposable {
  readonly port: number;
  actions: readonly string[];
  /** What every request is answered with, where it is not 200. */
  status: number;
  asked: number;
  ran: number;
}

async function openRemote(): Promise<Remote> {
  const server = createServer((request, response) => {
    if (request.url === '/actions') remote.asked += 1;
    if (request.url === '/run') remote.ran += 1;
    response.writeHead(remote.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url === '/actions' ? remote.actions : { ok: true }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const remote: Remote = {
    port: (server.address() as AddressInfo).port,
    actions: ['read_one', 'write_one', 'bad'],
    status: 200,
    asked: 0,
    ran: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return remote;
}

const yaml = (port: number, level: ConfiguredLevel, more = 'health_check: { enabled: false }'): string => `
plugins: { grants: { "*": { network: ["127.0.0.1"] } } }
connectors:
  - { id: one, kind: listed, isolation: ${level}, host: 127.0.0.1, port: ${port}, scheme: http, retry: { attempts: 1 }, ${more} }
  - { id: two, kind: listed, host: 127.0.0.1, port: ${port}, scheme: http, enabled: false }
`;

function openHost(remote: Remote, level: ConfiguredLevel = 'thread', more?: string): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: [],
    yaml: yaml(remote.port, level, more),
    prepare: async (sandbox) =>
      void (await sandbox.addConnector({
        kind: 'listed',
        source: SOURCE,
        manifest: { permissions: { network: ['127.0.0.1'] } },
      })),
  });
}

/** Of which connectors something is kept. */
async function rowsOf({ sandbox }: SandboxHost): Promise<readonly unknown[]> {
  using database = new DatabaseSync(join(sandbox.root, '.automate', DATABASE_FILE), { readOnly: true });
  return database
    .prepare('SELECT connector FROM discoveries')
    .all()
    .map(({ connector }) => connector);
}

/** Asks until it is so, for as long as the test may take. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20);
}

const namesOf = async (service: Pick<ConnectorService, 'describe'>, id = 'one'): Promise<readonly string[]> =>
  (await service.describe(id)).actions.map(({ name }) => name);

const FIRST = ['look_again', 'pid', 'read_one', 'write_one'];

describe.each(['thread', 'process', 'restricted'] as const)('actions of a remote system, at the level %s', (level) => {
  it('are described, called, and others when it offers others', async () => {
    await using remote = await openRemote();
    await using host = await openHost(remote, level);
    const { service } = host;
    const told: ConnectorEvent[] = [];
    const leaving = new AbortController();
    const watching = (async () => {
      for await (const event of service.watch({ signal: leaving.signal })) told.push(event);
    })();
    const first = await service.describe('one');
    expect(first).toMatchObject({
      actions: FIRST.map((name) => ({ name, sideEffects: name === 'write_one', idempotent: name !== 'write_one' })),
      discovery: { revision: expect.stringMatching(/^[0-9a-f]{16}$/), leftOut: [{ name: 'bad', reason: 'it is bad' }] },
    });
    await expect(service.execute({ id: 'one', action: 'read_one', payload: { n: 3 } })).resolves.toMatchObject({
      result: { name: 'read_one', n: 3, sent: { ok: true } },
    });
    await expect(service.execute({ id: 'one', action: 'read_one', payload: { m: 1 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: expect.arrayContaining([
        expect.objectContaining({ path: 'n' }),
        expect.objectContaining({ path: 'm' }),
      ]),
    });
    await expect(service.execute({ id: 'one', action: 'bad', payload: {} })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    remote.actions = ['other'];
    await service.execute({ id: 'one', action: 'look_again', payload: {} });
    await until('the new actions are told', () => told.filter(({ kind }) => kind === 'actions_changed').length === 2);
    expect(await namesOf(service)).toEqual(['look_again', 'other', 'pid']);
    expect((await service.describe('one')).discovery?.revision).not.toBe(first.discovery?.revision);
    await expect(service.execute({ id: 'one', action: 'read_one', payload: { n: 3 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'unknown_action' },
    });
    await service.execute({ id: 'one', action: 'other', payload: { n: 1 } });
    leaving.abort();
    await watching;
    expect(told.at(-1)).toMatchObject({ kind: 'actions_changed', connector: { id: 'one' } });
  });
});

it('are described alike at every door', async () => {
  await using remote = await openRemote();
  await using host = await openHost(remote);
  const { grpcAddress = '', httpAddress = '' } = host.host;
  await using client = await connect({ address: grpcAddress });
  const inside = await host.service.describe('one');
  expect(await client.describe('one')).toEqual(inside);
  expect(await openRestBackend(httpAddress).describe('one')).toEqual(inside);
  const { stdout } = await promisify(execFile)(process.execPath, [AUTOMATE, 'connectors', 'get', 'one', '--json'], {
    cwd: host.sandbox.root,
  });
  expect(stdout).toContain('"one"');
});

describe('a remote system that is away', () => {
  it('leaves the kind described, with the reason, and the connector in the next moment that it is back', async () => {
    await using remote = await openRemote();
    remote.status = 503;
    await using host = await openHost(remote);
    const described = await host.service.describe('one');
    expect(described.actions.map(({ name }) => name)).toEqual(['look_again', 'pid']);
    expect(described.discovery).toEqual({ error: expect.stringContaining('503') });
    remote.status = 200;
    expect(await namesOf(host.service)).toEqual(FIRST);
    // Nothing is asked for one that is disabled.
    expect((await host.service.describe('two')).discovery).toEqual({});
  });

  it('leaves the last known actions described while its worker is restarted, and calls fail for its reason', async () => {
    await using remote = await openRemote();
    await using host = await openHost(remote, 'process');
    const { service } = host;
    const before = await service.describe('one');
    const { result: pid } = await service.execute({ id: 'one', action: 'pid', payload: {} });
    remote.status = 503;
    process.kill(Number(pid), 'SIGKILL');
    const { asked, ran } = remote;
    await eventually(async () => {
      const refused = await service
        .execute({ id: 'one', action: 'read_one', payload: { n: 1 } })
        .catch((e: unknown) => e);
      return (refused as { code?: string }).code === 'UPSTREAM_5XX';
    });
    expect(remote.ran).toBe(ran);
    expect(await service.describe('one')).toEqual(before);
    // The description is answered from what is known: nobody was asked for it.
    expect(remote.asked).toBe(asked);
    remote.status = 200;
    await eventually(async () => {
      const done = await service.execute({ id: 'one', action: 'read_one', payload: { n: 1 } }).catch(() => undefined);
      return done !== undefined;
    });
    expect((await service.describe('one')).discovery).toEqual(before.discovery);
  });

  it('leaves the last known actions described over an end of the host, until its connector is another', async () => {
    await using remote = await openRemote();
    await using first = await openHost(remote);
    const before = await first.service.describe('one');
    remote.status = 503;
    await using second = await first.restart();
    const after = await second.service.describe('one');
    expect(after).toEqual({
      ...before,
      discovery: { ...before.discovery, error: expect.stringContaining('503') },
    });
    await second.writeConfig(
      yaml(remote.port, 'thread', 'settings: { of: another }, health_check: { enabled: false }'),
    );
    await eventually(async () => (await second.service.describe('one')).discovery?.revision === undefined);
    expect(await namesOf(second.service)).toEqual(['look_again', 'pid']);
    await second.writeConfig(yaml(remote.port, 'thread'));
    await eventually(async () => (await second.service.describe('one')).discovery?.revision !== undefined);
    remote.status = 200;
    remote.actions = ['other'];
    await using third = await second.restart();
    expect(await namesOf(third.service)).toEqual(['look_again', 'other', 'pid']);
    await third.writeConfig(yaml(remote.port, 'thread').replaceAll('id: one', 'id: four'));
    await eventually(async () => (await third.service.list()).some(({ id }) => id === 'four'));
    await using fourth = await third.restart();
    await eventually(async () => (await rowsOf(fourth)).every((id) => id !== 'one'));
  });

  it('while others are looked for leaves those that there are, and says why', async () => {
    await using remote = await openRemote();
    await using host = await openHost(remote);
    const { service } = host;
    const before = await service.describe('one');
    await service.execute({ id: 'one', action: 'look_again', payload: {} });
    remote.status = 500;
    await service.execute({ id: 'one', action: 'look_again', payload: {} });
    await eventually(async () => (await service.describe('one')).discovery?.error !== undefined);
    const after = await service.describe('one');
    expect(after.actions).toEqual(before.actions);
    expect(after.discovery).toMatchObject({
      revision: before.discovery?.revision,
      error: expect.stringContaining('500'),
    });
  });
});

it('a change of another connector leaves what is known of this one', async () => {
  await using remote = await openRemote();
  await using host = await openHost(remote);
  const { service } = host;
  const before = await service.describe('one');
  const { asked } = remote;
  await host.writeConfig(yaml(remote.port, 'thread').replace('id: two', 'id: three'));
  await eventually(async () => (await service.list()).some(({ id }) => id === 'three'));
  expect(await service.describe('one')).toEqual(before);
  expect(remote.asked).toBe(asked);
});
