import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Principal } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { readOrders } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const MINUTE = 60_000;

let remote: RemoteSystem;
let host: SandboxHost;
beforeEach(async () => {
  remote = await RemoteSystem.open();
  const source = await readOrders();
  host = await SandboxHost.open({
    kinds: [],
    yaml: `connectors: [{ id: orders, host: 127.0.0.1, port: ${remote.port} }]`,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'orders', source })),
  });
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
  await remote[Symbol.asyncDispose]();
});

const set = (more: object = {}, options: object = {}) =>
  host.service.setSchedule(
    {
      name: 'nightly',
      id: 'orders',
      action: 'place',
      payload: { order: 'o' },
      cron: '*/5 * * * *',
      timeZone: 'UTC',
      ...more,
    },
    options,
  );
const nightly = async () => (await host.service.listSchedules()).find(({ name }) => name === 'nightly');

/** Has the schedule be due at this moment, as if it had been set long ago, under a host that starts then. */
async function startWhereDue(dueAt: number, change = ''): Promise<void> {
  await host.host.close();
  const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'schedules.db'));
  database.prepare('UPDATE schedules SET next_at = ?').run(dueAt);
  database.exec(change);
  database.close();
  host = await host.restart();
}

describe('a schedule', () => {
  it('is kept, listed, paused, resumed and removed', async () => {
    const first = await set({ priority: 3, runTimeoutMs: 5_000 });
    expect(first).toMatchObject({
      name: 'nightly',
      connector: 'orders',
      action: 'place',
      cron: '*/5 * * * *',
      timeZone: 'UTC',
      priority: 3,
      runTimeoutMs: 5_000,
      principal: 'local',
    });
    expect(Date.parse(first.nextAt ?? '') % (5 * MINUTE)).toBe(0);
    await set({ name: 'a', timeZone: undefined });
    expect((await host.service.listSchedules()).map(({ name, timeZone }) => [name, timeZone])).toEqual([
      ['a', Intl.DateTimeFormat().resolvedOptions().timeZone],
      ['nightly', 'UTC'],
    ]);
    const paused = await host.service.pauseSchedule('nightly');
    expect(paused).toMatchObject({ pausedSince: expect.any(String) });
    expect(await host.service.pauseSchedule('nightly')).toEqual(paused);
    host = await host.restart();
    expect(await nightly()).toEqual(paused);
    // Set anew it stays paused.
    expect(await set({ cron: '0 3 * * *' })).toMatchObject({ cron: '0 3 * * *', pausedSince: paused.pausedSince });
    expect(await host.service.resumeSchedule('nightly')).toMatchObject({
      nextAt: expect.stringContaining('T03:00:00.000Z'),
    });
    expect(await host.service.removeSchedule('nightly')).toMatchObject({ name: 'nightly' });
    for (const gone of [() => host.service.removeSchedule('nightly'), () => host.service.pauseSchedule('nightly')])
      await expect(gone()).rejects.toMatchObject({ code: 'NOT_FOUND', details: { reason: 'unknown_schedule' } });
  });

  it('starts an execution at its time', async () => {
    await set();
    const dueAt = Date.now() + 1_500;
    await startWhereDue(dueAt);
    const schedule = await eventually(nightly, (found) => found?.lastExecution !== undefined);
    const execution = await eventually(
      () => host.service.getExecution(schedule?.lastExecution ?? ''),
      ({ status }) => status === 'succeeded',
    );
    expect(execution).toMatchObject({ schedule: 'nightly', principal: 'local', connector: 'orders' });
    expect(Date.parse(execution.createdAt)).toBeGreaterThanOrEqual(dueAt);
    expect(remote.asked.map(({ payload }) => payload)).toEqual([{ order: 'o' }]);
  });

  it('is looked at without its payload, which may be large, and which it keeps over changes of all else', async () => {
    const order = 'o'.repeat(3_000_000);
    await set({ payload: { order } });
    await host.service.pauseSchedule('nightly');
    await host.service.resumeSchedule('nightly');
    const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'schedules.db'), { readOnly: true });
    expect(database.prepare('SELECT length(schedule) < 2000 AS small FROM schedules').all()).toEqual([{ small: 1 }]);
    database.close();
    await startWhereDue(Date.now() - MINUTE);
    await eventually(() => remote.asked.length === 1);
    expect(remote.asked[0]?.payload).toEqual({ order });
    // As hosts kept it before.
    await host.service.removeSchedule('nightly');
    await set({ name: 'old', payload: { order } });
    const inOne = "UPDATE schedules SET schedule = json_set(schedule, '$.payload', payload), payload = NULL";
    await startWhereDue(Date.now() - MINUTE, inOne);
    await eventually(() => remote.asked.length === 2);
    await host.service.pauseSchedule('old');
    expect(await host.service.resumeSchedule('old')).toMatchObject({ name: 'old' });
    expect(remote.asked.every(({ payload }) => payload['order'] === order)).toBe(true);
  });

  it('is refused where all of them would take more than a store keeps, and replaced by a smaller one all the same', async () => {
    await set();
    const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'schedules.db'));
    database.exec('UPDATE schedules SET payload = hex(zeroblob(127 * 1024 * 1024 + 1000000))');
    database.close();
    await set({ name: 'small' });
    const order = 'o'.repeat(100_000);
    const full = {
      ...{ code: 'OVERLOADED', blame: 'operator', effect: 'none', details: { reason: 'schedules_full' } },
      message: expect.stringMatching(
        /"other" was not set: one store keeps 10000 schedules in 256 MiB, .*there are 2, .*257 MiB.*remove/,
      ),
    };
    await expect(set({ name: 'other', payload: { order } })).rejects.toMatchObject(full);
    await expect(set({ name: 'small', payload: { order } })).rejects.toMatchObject({ code: 'OVERLOADED' });
    // What is there stays, and can be changed.
    expect(await host.service.pauseSchedule('nightly')).toMatchObject({ pausedSince: expect.any(String) });
    await set({ payload: { order } });
    await set({ name: 'other', payload: { order } });
    expect((await host.service.listSchedules()).map(({ name }) => name)).toEqual(['nightly', 'other', 'small']);
  });

  it('starts the last of the times that passed while no host ran, once', async () => {
    await set();
    await startWhereDue(Date.now() - 24 * 60 * MINUTE);
    const first = await eventually(nightly, (found) => found?.lastExecution !== undefined);
    const late = Date.now() - Date.parse(first?.lastAt ?? '');
    expect(late).toBeLessThan(6 * MINUTE);
    expect(Date.parse(first?.nextAt ?? '')).toBeGreaterThan(Date.now() - 5 * MINUTE);
    await eventually(() => remote.asked.length === 1);
    // The same time again, as if the host had been killed before it wrote down that it had started it.
    await startWhereDue(Date.parse(first?.lastAt ?? ''));
    await eventually(
      nightly,
      (found) => found?.nextAt === first?.nextAt || Date.parse(found?.nextAt ?? '') > Date.parse(first?.nextAt ?? ''),
    );
    const { executions } = await host.service.listExecutions();
    const keys = executions.map(({ idempotencyKey }) => idempotencyKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(remote.asked.length).toBe(executions.length);
  });

  it('starts nothing while it is paused, nor afterwards what passed meanwhile', async () => {
    await set();
    await host.service.pauseSchedule('nightly');
    await startWhereDue(Date.now() - MINUTE);
    const before = Date.now();
    expect(await host.service.resumeSchedule('nightly')).toMatchObject({ nextAt: expect.any(String) });
    expect(Date.parse((await nightly())?.nextAt ?? '')).toBeGreaterThan(before);
    expect(await nightly()).not.toHaveProperty('lastExecution');
  });

  it('is paused when whoever set it may call no more', async () => {
    const principal: Principal = { name: 'left', scopes: ['execute'] };
    await set({}, { principal });
    await startWhereDue(Date.now() - MINUTE);
    expect(await eventually(nightly, (found) => found?.pausedSince !== undefined)).not.toHaveProperty('lastExecution');
    expect(host.logText).toContain('may not call');
    expect(remote.asked).toEqual([]);
  });

  it('is one caller’s of many who set that name at the same time, whose changes all count', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const settings = names.map((name) => set({}, { principal: { name, scopes: ['execute'] } }));
    const ends = await Promise.allSettled(settings);
    const owner = names[ends.findIndex(({ status }) => status === 'fulfilled')];
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await nightly()).toMatchObject({ principal: owner });
    // Whichever comes first: what was paused and set anew stays paused.
    const cron = '0 4 * * *';
    await Promise.all([host.service.pauseSchedule('nightly'), set({ cron })]);
    expect(await nightly()).toMatchObject({ cron, pausedSince: expect.any(String) });
    // None comes back that was removed.
    await Promise.all([host.service.removeSchedule('nightly'), host.service.resumeSchedule('nightly').catch(() => 0)]);
    expect(await nightly()).toBeUndefined();
  });

  it('is its owner’s and the admins’ alone', async () => {
    const [owner, other]: readonly Principal[] = [
      { name: 'owner', scopes: ['execute'] },
      { name: 'other', scopes: ['execute'] },
    ];
    await set({}, { principal: owner });
    expect(await host.service.listSchedules({ principal: other as Principal })).toEqual([]);
    await expect(host.service.removeSchedule('nightly', { principal: other as Principal })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(set({}, { principal: other })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      details: { reason: 'schedule_taken' },
    });
    await expect(set({ name: 'x', id: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await host.service.pauseSchedule('nightly')).toMatchObject({ principal: 'owner' });
  });
});
