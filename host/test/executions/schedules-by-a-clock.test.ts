import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Scope } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { describe, expect, it } from '@jest/globals';
import type { SchedulesOptions } from '../../dist/executions/schedules.js';
import { Schedules } from '../../dist/executions/schedules.js';
import { openMasterKeys } from '../../dist/secrets/master-key.js';
import { sealTexts } from '../../dist/secrets/sealed-texts.js';
import type { ScheduleStore } from '../../dist/store/schedule-store.js';
import { openSqliteScheduleStore } from '../../dist/store/sqlite-schedule-store.js';

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
    const before = performance.now();
    await eventually(() => opened.started.length > 0);
    // And not when all are looked at anyway.
    expect(performance.now() - before).toBeLessThan(15_000);
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
    let [isChanging, asked] = [true, 0];
    await using opened = openSchedules('2026-01-05T07:00:00Z', {
      over: (store) => ({
        ...store,
        payload: async (schedule) => ((asked += 1), isChanging ? undefined : store.payload(schedule)),
      }),
    });
    await opened.schedules.setSchedule(daily);
    opened.setClock('2026-01-05T08:00:01Z');
    opened.schedules.wake();
    await eventually(() => asked > 0);
    isChanging = false;
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
    await expect(schedules.setSchedule({ ...daily, name: 'more' })).rejects.toMatchObject({
      ...{ code: 'OVERLOADED', details: { reason: 'schedules_full' } },
    });
    expect(await schedules.setSchedule({ ...daily, cron: '1 1 * * *' })).toMatchObject({ cron: '1 1 * * *' });
    await schedules.removeSchedule('paused');
    expect(await schedules.setSchedule({ ...daily, name: 'more' })).toMatchObject({ name: 'more' });
  });
});
