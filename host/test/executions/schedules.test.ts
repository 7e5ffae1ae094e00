import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Principal, Scope } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SchedulesOptions } from '../../dist/executions/schedules.js';
import { Schedules } from '../../dist/executions/schedules.js';
import { openMasterKeys } from '../../dist/secrets/master-key.js';
import { sealTexts } from '../../dist/secrets/sealed-texts.js';
import type { ScheduleStore } from '../../dist/store/schedule-store.js';
import { openSqliteScheduleStore } from '../../dist/store/sqlite-schedule-store.js';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { readOrders } from './fixtures/orders-project.ts';
import { RemoteSystem } from './fixtures/remote-system.ts';

const MINUTE = 60_000;

describe('a schedule', () => {
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
    const dueAt = Date.now() + 4_000;
    await startWhereDue(dueAt);
    expect(remote.asked).toEqual([]);
    const schedule = await eventually(nightly, (found) => found?.lastExecution !== undefined);
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
    const execution = await eventually(
      () => host.service.getExecution(schedule?.lastExecution ?? ''),
      ({ status }) => status === 'succeeded',
    );
    expect(execution).toMatchObject({ schedule: 'nightly', principal: 'local', connector: 'orders' });
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

describe('a schedule, by a clock that is set,', () => {
  /** What was started: when it was due, with which scopes, payload and address. */
  type Started = readonly [due: string, scopes: readonly string[], payload: string, callbackUrl: string | undefined];

  /** Schedules of a directory of their own, whose clock goes on from `at`, and which start nothing but say what they would. */
  function openSchedules(
    at: string,
    {
      over = (store) => store,
      ...more
    }: Partial<SchedulesOptions> & { over?(store: ScheduleStore): ScheduleStore } = {},
  ) {
    const dataDir = mkdtempSync(join(tmpdir(), 'schedules-'));
    const kept = openSqliteScheduleStore(dataDir);
    let ahead = Date.parse(at) - Date.now();
    const started: Started[] = [];
    const warnings: string[] = [];
    const schedules = new Schedules({
      store: over({ ...kept, now: () => Date.now() + ahead }),
      sealer: sealTexts(openMasterKeys({ dataDir }), 'executions'),
      async startScheduled({ nextAt, scopes }, payload, callbackUrl) {
        started.push([new Date(nextAt).toISOString(), scopes, payload, callbackUrl]);
        return `execution ${started.length}`;
      },
      requireAllowed: () => undefined,
      scopesOf: () => ['execute:c'],
      mayCall: () => true,
      requireConnector: () => undefined,
      assertWritable: () => undefined,
      warn: (message) => void warnings.push(message),
      onFault: () => undefined,
      ...more,
    });
    schedules.open();
    return {
      ...{ schedules, started, warnings, dataDir },
      setClock: (to: string) => void (ahead = Date.parse(to) - Date.now()),
      async [Symbol.asyncDispose]() {
        await schedules.close();
        await kept.close();
        rmSync(dataDir, { recursive: true });
      },
    };
  }
  const daily = { name: 'daily', id: 'c', action: 'a', cron: ' 0 9 * * * ', timeZone: 'Europe/Berlin' } as const;

  it('starts what was set a moment ago at its time in its zone, with what its owner may do by then', async () => {
    await using opened = openSchedules('2026-01-05T07:59:59.500Z');
    const callbackUrl = 'https://example.com/';
    const given = { ...daily, payload: { b: 1 }, callbackUrl };
    const set = await opened.schedules.setSchedule(given, { principal: { name: 'p', scopes: ['admin'] } });
    expect(set).toMatchObject({ cron: '0 9 * * *', nextAt: '2026-01-05T08:00:00.000Z', callbackUrl });
    await eventually(() => opened.started.length > 0);
    const list = () => opened.schedules.listSchedules();
    const [schedule] = await eventually(list, ([found]) => found?.lastAt !== undefined);
    expect(opened.started).toEqual([['2026-01-05T08:00:00.000Z', ['execute:c'], '{"b":1}', callbackUrl]]);
    expect(schedule).toMatchObject({
      nextAt: '2026-01-06T08:00:00.000Z',
      lastAt: '2026-01-05T08:00:00.000Z',
      lastExecution: 'execution 1',
    });
    // Of what passed meanwhile the last, also after the change of clocks.
    opened.setClock('2026-03-30T10:00:00Z');
    opened.schedules.wake();
    await eventually(() => opened.started.length > 1);
    expect(opened.started[1]?.[0]).toBe('2026-03-30T07:00:00.000Z');
    await eventually(list, ([found]) => found?.nextAt === '2026-03-31T07:00:00.000Z');
    expect(await opened.schedules.pauseSchedule('daily')).not.toHaveProperty('nextAt');
    opened.setClock('2026-06-01T07:30:00Z');
    expect(await opened.schedules.resumeSchedule('daily')).toMatchObject({ nextAt: '2026-06-02T07:00:00.000Z' });
    expect(opened.started).toHaveLength(2);
  });

  it('is paused where its owner is there and may not call that any more, which is said once', async () => {
    const scopes: readonly Scope[] = ['execute:d'];
    const asked: unknown[] = [];
    const mayCall = (...given: readonly unknown[]) => (asked.push(given), false);
    await using opened = openSchedules('2026-01-05T07:00:00Z', { scopesOf: () => scopes, mayCall });
    await opened.schedules.setSchedule(daily);
    opened.setClock('2026-01-05T08:00:01Z');
    opened.schedules.wake();
    await eventually(() => opened.warnings.length > 0);
    opened.schedules.wake();
    expect(await opened.schedules.listSchedules()).toMatchObject([
      { pausedSince: expect.stringMatching(/^2026-01-05T08/) },
    ]);
    await opened.schedules.close();
    expect(asked).toEqual([[{ name: 'local', scopes }, 'c', 'a']]);
    expect(opened.warnings).toEqual([expect.stringContaining('may not call "a" of "c" any more')]);
    expect(opened.started).toEqual([]);
  });

  it('starts a little later what is being set anew while it is due', async () => {
    let isChanging = true;
    await using opened = openSchedules('2026-01-05T07:00:00Z', {
      over: (store) => ({
        ...store,
        payload: (schedule) =>
          isChanging ? ((isChanging = false), Promise.resolve(undefined)) : store.payload(schedule),
      }),
    });
    await opened.schedules.setSchedule(daily);
    opened.setClock('2026-01-05T08:00:01Z');
    opened.schedules.wake();
    const before = performance.now();
    await eventually(() => opened.started.length > 0);
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  it('is changed by nobody where another process serves the directory, and is none of more than are kept', async () => {
    let isWritable = true;
    const assertWritable = () => {
      if (!isWritable) throw new UnavailableError('another one serves');
    };
    await using opened = openSchedules('2026-01-05T07:00:00Z', { assertWritable });
    const { schedules } = opened;
    await schedules.setSchedule(daily);
    await schedules.setSchedule({ ...daily, name: 'paused' });
    await schedules.pauseSchedule('paused');
    const before = await schedules.listSchedules();
    isWritable = false;
    for (const change of [
      () => schedules.setSchedule({ ...daily, cron: '1 1 * * *' }),
      () => schedules.pauseSchedule('daily'),
      () => schedules.resumeSchedule('paused'),
      () => schedules.removeSchedule('daily'),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await schedules.listSchedules()).toEqual(before);
    isWritable = true;
    const database = new DatabaseSync(join(opened.dataDir, 'schedules.db'), { timeout: 10_000 });
    database.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9998)
      INSERT INTO schedules (name, schedule, next_at) SELECT 'n' || n, json_set(schedule, '$.name', 'n' || n), next_at FROM n, schedules WHERE name = 'paused'`);
    database.close();
    await expect(schedules.setSchedule({ ...daily, name: 'more' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await schedules.setSchedule({ ...daily, cron: '1 1 * * *' })).toMatchObject({ cron: '1 1 * * *' });
    await schedules.removeSchedule('paused');
    expect(await schedules.setSchedule({ ...daily, name: 'more' })).toMatchObject({ name: 'more' });
  });
});
