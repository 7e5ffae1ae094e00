// Long, as everything that can become of an execution stands here, over one host.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Execution, Principal } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import type { Asked } from './fixtures/remote-system.ts';
import { readOrders } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const YAML = (port: number): string => `
connectors:
  - { id: orders, host: 127.0.0.1, port: ${port}, limits: { concurrency: 3 }, retry: { attempts: 2, backoff: 1ms } }
  - { id: narrow, kind: orders, host: 127.0.0.1, port: ${port}, limits: { concurrency: 1, queue: 0 }, retry: { attempts: 1 } }
  - { id: wide, kind: orders, host: 127.0.0.1, port: ${port}, limits: { concurrency: 1000 } }
  - { id: forgetful, kind: orders, host: 127.0.0.1, port: ${port}, limits: { execution_ttl: 1ms } }
`;

let remote: RemoteSystem;
let host: SandboxHost;
beforeAll(async () => {
  remote = await RemoteSystem.open();
  const source = await readOrders();
  host = await SandboxHost.open({
    kinds: [],
    yaml: YAML(remote.port),
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'orders', source })),
  });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await remote[Symbol.asyncDispose]();
});
beforeEach(() => {
  remote.asked.length = 0;
  remote.onAsked = (asked) => asked.answer({ count: remote.asked.length });
});

const start = (id: string, action: string, order: string, more: object = {}) =>
  host.service.startExecution({ id, action, payload: { order }, ...more });
const ended = (id: string) =>
  eventually(
    () => host.service.getExecution(id),
    ({ status }) => status !== 'queued' && status !== 'running',
  );
/** Holds requests back until they are answered by hand. */
function hold(): Asked[] {
  const held: Asked[] = [];
  remote.onAsked = (asked) => void held.push(asked);
  return held;
}

it('takes nothing of the data directory before the first execution', () => {
  expect(() => statSync(join(host.sandbox.root, '.automate', 'executions.db'))).toThrow('ENOENT');
});

describe('an execution', () => {
  it('is answered while it waits, and kept with what came of it', async () => {
    const started = await start('orders', 'place', 'a');
    expect(started).toMatchObject({
      status: 'queued',
      connector: 'orders',
      action: 'place',
      principal: 'local',
      priority: 0,
      attempts: 0,
    });
    const end = await ended(started.id);
    expect(end).toMatchObject({ status: 'succeeded', attempts: 1, result: { count: 1 } });
    expect(Date.parse(end.expiresAt ?? '') - Date.parse(end.endedAt ?? '')).toBeGreaterThan(604_700_000);
    await expect(start('nobody', 'place', 'a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(host.service.getExecution('nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { reason: 'unknown_execution' },
    });
  });

  it('is the same for the same key, and another call is refused', async () => {
    const first = await start('orders', 'place', 'k', { idempotencyKey: 'key' });
    const again = await start('orders', 'place', 'k', { idempotencyKey: 'key' });
    expect(again).toMatchObject({ id: first.id, replayed: true });
    await ended(first.id);
    expect(await start('orders', 'place', 'k', { idempotencyKey: 'key' })).toMatchObject({
      id: first.id,
      status: 'succeeded',
      replayed: true,
    });
    expect(remote.counts('place').get('k')).toBe(1);
    for (const other of [
      () => start('orders', 'place', 'other', { idempotencyKey: 'key' }),
      () => start('orders', 'put', 'k', { idempotencyKey: 'key' }),
    ])
      await expect(other()).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason: 'key_reused', execution: first.id },
      });
    // The outcome is one with that of a call that waits.
    await expect(
      host.service.execute({ id: 'orders', action: 'place', payload: { order: 'k' }, idempotencyKey: 'key' }),
    ).resolves.toMatchObject({ replayed: true });
    const elsewhere = await start('narrow', 'place', 'k', { idempotencyKey: 'key' });
    expect(elsewhere).not.toHaveProperty('replayed');
    await ended(elsewhere.id);
  });

  it('takes as many places as its connector has, those with more priority first', async () => {
    const held = hold();
    const first = await start('narrow', 'place', 'first');
    await eventually(() => held.length === 1);
    const [low, high, middle] = [
      await start('narrow', 'place', 'low', { priority: -1 }),
      await start('narrow', 'place', 'high', { priority: 10 }),
      await start('narrow', 'place', 'middle'),
    ];
    const order: unknown[] = [];
    remote.onAsked = (asked) => {
      order.push(asked.payload['order']);
      asked.answer();
    };
    held[0]?.answer();
    for (const { id } of [first, low, high, middle])
      expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(order).toEqual(['high', 'middle', 'low']);
  });

  it('finds a place beside any number of another connector that do not end', async () => {
    const held: Asked[] = [];
    remote.onAsked = (asked) => (asked.action === 'put' ? void held.push(asked) : asked.answer());
    const many = await Promise.all(Array.from({ length: 600 }, () => start('wide', 'put', 'w', { priority: 100 })));
    await eventually(() => held.length >= 256);
    const { id } = await start('orders', 'read', 'quick');
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
    expect(held.length).toBeLessThan(512);
    remote.onAsked = (asked) => asked.answer();
    for (const asked of held) asked.answer();
    for (const each of many) expect(await ended(each.id)).toMatchObject({ status: 'succeeded' });
  });

  it('does not run before its time', async () => {
    const runAt = new Date(Date.now() + 1_500).toISOString();
    const { id } = await start('orders', 'place', 'later', { runAt });
    expect(await host.service.getExecution(id)).toMatchObject({ status: 'queued', runAt });
    const end = await ended(id);
    expect(Date.parse(end.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(runAt));
  });

  it('has a time that there is, with its zone', async () => {
    for (const runAt of ['2026-02-30T00:00:00Z', '2027-02-29T12:00:00+02:00', '2026-01-31', '2026-01-31T09:00:00'])
      await expect(start('orders', 'put', 'never', { runAt })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'run_at' }],
      });
    const leap = await start('orders', 'put', 'leap', { runAt: '2096-02-29T00:00:00+02:00' });
    expect(leap).toMatchObject({ status: 'queued', runAt: '2096-02-28T22:00:00.000Z' });
    await host.service.cancelExecution(leap.id);
  });

  it('goes again where nothing was done, as often as the connector says, and is a dead letter then', async () => {
    remote.onAsked = (asked) => asked.answer({}, remote.asked.length < 4 ? 503 : 200);
    const { id } = await start('orders', 'place', 'twice');
    // Two tries of the first run, and the second of the second.
    expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
    remote.onAsked = (asked) => asked.answer({}, 503);
    const dead = await start('narrow', 'place', 'dead');
    expect(await ended(dead.id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'UNAVAILABLE', effect: 'none' },
    });
    remote.onAsked = (asked) => asked.answer({}, 500);
    const maybe = await start('orders', 'place', 'maybe');
    expect(await ended(maybe.id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'UPSTREAM_5XX', effect: 'maybe' },
    });
    const letters = async () =>
      (await host.service.listExecutions({ deadLetters: true })).executions.map((each) => each.id);
    expect(await letters()).toEqual([maybe.id, dead.id]);
    remote.onAsked = (asked) => asked.answer();
    const again = await host.service.rerunExecution(dead.id);
    expect(again).toMatchObject({ rerunOf: dead.id, action: 'place', connector: 'narrow' });
    expect(await ended(again.id)).toMatchObject({ status: 'succeeded' });
    expect(remote.asked.at(-1)?.payload).toEqual({ order: 'dead' });
    expect(await host.service.getExecution(dead.id)).toMatchObject({ status: 'failed', rerunAs: again.id });
    expect(await letters()).toEqual([maybe.id]);
    await expect(host.service.rerunExecution(dead.id)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'already_rerun', rerun_as: again.id },
    });
    await expect(host.service.rerunExecution(again.id)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'not_repeatable' },
    });
  });

  it('is cancelled while it waits, while it runs, and not after its end', async () => {
    const held = hold();
    const running = await start('narrow', 'place', 'running');
    const waiting = await start('narrow', 'place', 'waiting');
    await eventually(() => held.length === 1);
    expect(await host.service.cancelExecution(waiting.id)).toMatchObject({
      status: 'cancelled',
      attempts: 0,
      error: { code: 'CANCELLED', effect: 'none' },
    });
    expect(await host.service.cancelExecution(running.id)).toMatchObject({
      status: 'cancelled',
      attempts: 1,
      error: { code: 'CANCELLED', effect: 'maybe' },
    });
    for (const { id } of [running, waiting])
      await expect(host.service.cancelExecution(id)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason: 'already_ended', status: 'cancelled' },
      });
    remote.onAsked = (asked) => asked.answer();
    expect(await ended((await host.service.rerunExecution(waiting.id)).id)).toMatchObject({ status: 'succeeded' });
    expect(remote.counts('place')).toEqual(
      new Map([
        ['running', 1],
        ['waiting', 1],
      ]),
    );
  });

  it('is watched from where it stands to its end, with its progress', async () => {
    const held = hold();
    const { id } = await start('orders', 'steps', 'w');
    const seen: Execution[] = [];
    const watching = (async () => {
      for await (const now of host.service.watchExecution(id)) seen.push(now);
    })();
    await eventually(() => seen.at(-1)?.progress);
    expect(seen.at(-1)).toMatchObject({
      status: 'running',
      progress: { progress: 1, total: 2, message: 'half of it' },
    });
    expect(await host.service.getExecution(id)).toMatchObject({ progress: { progress: 1 } });
    // What it says is kept for watchers at other hosts, sealed.
    const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'executions.db'), { readOnly: true });
    const kept = await eventually(
      () => database.prepare('SELECT progress FROM executions WHERE id = ?').get(id)?.['progress'],
    );
    database.close();
    expect(kept).not.toContain('half of it');
    expect(Buffer.from(String(kept), 'base64').toString('latin1')).not.toContain('half of it');
    held[0]?.answer('done');
    await watching;
    expect(seen.at(-1)).toMatchObject({ status: 'succeeded', result: 'done' });
    const late: Execution[] = [];
    for await (const now of host.service.watchExecution(id)) late.push(now);
    expect(late).toEqual([seen.at(-1)]);
    await expect(host.service.watchExecution('nobody')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('waits while its connector is paused, and runs when it is resumed', async () => {
    await host.service.pause('narrow');
    const { id } = await start('narrow', 'place', 'paused');
    const other = await start('orders', 'place', 'other');
    await ended(other.id);
    expect(await host.service.getExecution(id)).toMatchObject({ status: 'queued', attempts: 0 });
    await host.service.resume('narrow');
    expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('fails with NOT_FOUND where its connector is removed meanwhile', async () => {
    await host.service.register({ id: 'passing', kind: 'orders', host: '127.0.0.1', port: remote.port });
    await host.service.pause('passing');
    const { id } = await start('passing', 'place', 'gone');
    await host.service.remove('passing');
    expect(await ended(id)).toMatchObject({ status: 'failed', error: { code: 'NOT_FOUND' } });
  });

  it('keeps a result as large as one can be', async () => {
    const large = 'x'.repeat(2_900_000);
    remote.onAsked = (asked) => asked.answer(large);
    const { id } = await start('orders', 'place', 'large');
    expect((await ended(id)).result === large).toBe(true);
    // Of a call that was made before under the same key only the hash of so large a result is kept.
    await host.service.execute({ id: 'orders', action: 'place', payload: { order: 'k2' }, idempotencyKey: 'large' });
    const replayed = await ended((await start('orders', 'place', 'k2', { idempotencyKey: 'large' })).id);
    expect(replayed).toMatchObject({ status: 'succeeded', resultDropped: true });
    expect(replayed).not.toHaveProperty('result');
  });

  it('is forgotten sooner where less is said of how long they are kept', async () => {
    const { id } = await start('narrow', 'put', 'x');
    await ended(id);
    await host.writeConfig(YAML(remote.port).replace('queue: 0', 'queue: 0, execution_ttl: 1ms'));
    host = await host.restart();
    await eventually(async () => (await host.service.listExecutions({ connector: 'narrow' })).executions.length === 0);
    expect((await host.service.listExecutions({ connector: 'orders' })).executions).not.toEqual([]);
    await host.writeConfig(YAML(remote.port));
    host = await host.restart();
  });

  it('is forgotten when its time is over', async () => {
    const { id } = await start('forgetful', 'place', 'x');
    await eventually(
      () => host.service.getExecution(id).catch((error: unknown) => error),
      (answer) => answer instanceof Error,
    );
    expect((await host.service.listExecutions({ connector: 'forgetful' })).executions).toEqual([]);
  });

  it('does not run for whoever was sent away meanwhile, but for whoever has a new token of that name', async () => {
    const request = { scopes: ['execute'] } as const;
    const runAt = new Date(Date.now() + 1_500).toISOString();
    const started: Execution[] = [];
    for (const name of ['gone', 'renewed']) {
      const token = await host.service.createToken({ ...request, name });
      const principal: Principal = { name, scopes: ['execute'] };
      started.push(
        await host.service.startExecution(
          { id: 'orders', action: 'put', payload: { order: name }, runAt },
          { principal },
        ),
      );
      if (name === 'renewed') await host.service.createToken({ ...request, name });
      await host.service.revokeToken(token.id);
    }
    const [gone, renewed] = await Promise.all(started.map(({ id }) => ended(id)));
    expect(gone).toMatchObject({
      status: 'failed',
      error: { code: 'UNAUTHENTICATED', effect: 'none', details: { reason: 'token_revoked' } },
    });
    expect(renewed).toMatchObject({ status: 'succeeded' });
    expect([...remote.counts('put').keys()]).toEqual(['renewed']);
  });

  it('is listed page by page, the newest first, to its owner and to admins', async () => {
    const principal: Principal = { name: 'someone', scopes: ['execute'] };
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { id } = await host.service.startExecution(
        { id: 'orders', action: 'read', payload: '{"order":"text"}' },
        { principal },
      );
      ids.unshift(id);
    }
    for (const id of ids) await ended(id);
    const first = await host.service.listExecutions({ limit: 2 }, { principal });
    const second = await host.service.listExecutions({ limit: 2, after: first.next ?? '' }, { principal });
    const third = await host.service.listExecutions({ limit: 2, after: second.next ?? '' }, { principal });
    expect([first, second, third].flatMap(({ executions }) => executions.map(({ id }) => id))).toEqual(ids);
    expect(third).not.toHaveProperty('next');
    expect(first.executions[0]).not.toHaveProperty('result');
    expect(
      (await host.service.listExecutions({ principal: 'someone', status: ['succeeded'] })).executions,
    ).toHaveLength(5);
    expect((await host.service.listExecutions({ limit: 1000 })).executions.length).toBeGreaterThan(5);
    const stranger: Principal = { name: 'stranger', scopes: ['execute'] };
    await expect(host.service.getExecution(ids[0] ?? '', { principal: stranger })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await host.service.listExecutions({}, { principal: stranger })).executions).toEqual([]);
    await expect(host.service.listExecutions({ principal: 'someone' }, { principal: stranger })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });
});

it('leaves nothing of what executions carry in clear on the disk', async () => {
  const secret = 'canary-of-a-payload';
  remote.onAsked = (asked) => asked.answer(`${secret}-result`);
  const { id } = await start('orders', 'place', secret);
  expect(await ended(id)).toMatchObject({ result: `${secret}-result` });
  for (const name of ['executions.db', 'executions.db-wal']) {
    const file = join(host.sandbox.root, '.automate', name);
    expect(readFileSync(file).includes(secret)).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
});
