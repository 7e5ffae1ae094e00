// Long, as all that can become of a run stands here, over executions whose calls are made by functions.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, CallProgress, ConnectorError, Execution, ExecuteTextRequest } from '@automate/contract';
import {
  CancelledError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  OverloadedError,
  RateLimitedError,
  UnavailableError,
  UpstreamError,
  WorkerLostError,
} from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionStore } from '../../dist/store/execution-store.js';
import { openSqliteExecutionStore } from '../../dist/store/sqlite-execution-store.js';
import { openSqliteOutcomeStore } from '../../dist/store/sqlite-outcome-store.js';
import { ExecutionMetrics } from '../../dist/telemetry/execution-metrics.js';
import type { Execute, OpenedExecutions } from './fixtures/open-executions.ts';
import { DataDirectory } from './fixtures/open-executions.ts';

const HOUR = 3_600_000;
const DONE = { result: '"done"', attempts: 1, durationMs: 1, replayed: false } as const;
/** More than any execution here is run. */
const OFTEN = 10;

let data: DataDirectory;
beforeEach(() => {
  data = new DataDirectory();
});
afterEach(() => data[Symbol.dispose]());

const ended = ({ executions }: OpenedExecutions, id: string) =>
  eventually(
    () => executions.getExecution(id),
    ({ status }) => status !== 'queued' && status !== 'running',
  );
const start = async ({ executions }: OpenedExecutions, action: string, more: object = {}) =>
  (await executions.startExecution({ id: 'c', action, ...more })).id;

/** Calls that fail, by action, as often as there are faults for it; and when each was made. */
function failing(faults: Readonly<Record<string, readonly ConnectorError[]>>) {
  const times = new Map<string, number[]>();
  const execute: Execute = async ({ action }) => {
    const made = times.get(action) ?? [];
    times.set(action, [...made, performance.now()]);
    const fault = faults[action]?.[made.length];
    if (fault !== undefined) throw fault;
    return DONE;
  };
  const gaps = (action: string): readonly number[] =>
    (times.get(action) ?? []).flatMap((time, index, all) => (index === 0 ? [] : [time - (all[index - 1] ?? 0)]));
  return { execute, gaps, callsOf: (action: string): number => times.get(action)?.length ?? 0 };
}

/** Calls that wait until they are ended by hand, or are aborted. */
function holding(
  onAbort: (request: ExecuteTextRequest) => unknown = () => new CancelledError('left', { effect: 'maybe' }),
) {
  const calls: { request: ExecuteTextRequest; options: CallOptions; end(fault?: unknown): void }[] = [];
  const execute: Execute = (request, options = {}) =>
    new Promise((resolve, reject) => {
      const end = (fault?: unknown): void => (fault === undefined ? resolve(DONE) : reject(fault as Error));
      calls.push({ request, options, end });
      options.signal?.addEventListener('abort', () => {
        const fault = onAbort(request);
        if (fault !== undefined) end(fault);
      });
    });
  return { calls, execute };
}

describe('a run that failed', () => {
  it('is followed by others where nothing was done: of what was held back by any number, of the rest by what its connector says', async () => {
    const none = { effect: 'none' } as const;
    const unavailable = new UnavailableError('not now', none);
    const heldBack = new UnavailableError('a moment', { ...none, details: { reason: 'circuit_open' } });
    const { execute, callsOf, gaps } = failing({
      overloaded: Array.from({ length: 4 }, () => new OverloadedError('full', none)),
      heldBack: Array.from({ length: 4 }, () => heldBack),
      counted: Array.from({ length: OFTEN }, () => unavailable),
      maybe: Array.from({ length: OFTEN }, () => new UnavailableError('lost', { effect: 'maybe', retryable: true })),
      final: Array.from({ length: OFTEN }, () => new InvalidInputError('no', none)),
      told: [new RateLimitedError('slower', { ...none, retryAfterMs: 600 })],
    });
    await using opened = data.open(execute);
    opened.places.retry = { attempts: 2, backoffMs: HOUR, maxBackoffMs: 5 };
    const actions = ['overloaded', 'heldBack', 'counted', 'maybe', 'final', 'told'];
    const ids = await Promise.all(actions.map((action) => start(opened, action)));
    const ends = await Promise.all(ids.map((id) => ended(opened, id)));
    expect(ends.map(({ action, status, attempts }) => [action, status, attempts, callsOf(action)])).toEqual([
      ['overloaded', 'succeeded', 1, 5],
      ['heldBack', 'succeeded', 1, 5],
      ['counted', 'failed', 2, 2],
      ['maybe', 'failed', 1, 1],
      ['final', 'failed', 1, 1],
      ['told', 'succeeded', 2, 2],
    ]);
    expect(gaps('told')[0]).toBeGreaterThanOrEqual(600);
  });

  it('is followed by the next after a wait that doubles', async () => {
    const { execute, gaps } = failing({
      a: Array.from({ length: 3 }, () => new UnavailableError('no', { effect: 'none' })),
    });
    await using opened = data.open(execute);
    opened.places.retry = { attempts: 4, backoffMs: 200, maxBackoffMs: HOUR };
    expect(await ended(opened, await start(opened, 'a'))).toMatchObject({ status: 'succeeded', attempts: 4 });
    // Up to half of each is left to chance.
    for (const [index, gap] of gaps('a').entries()) expect(gap).toBeGreaterThanOrEqual(100 * 2 ** index);
  });

  it('has ended as unknown where that is all that is known, and is made again where that does no harm', async () => {
    const unknown = (reason: string) => new OutcomeUnknownError('who knows', { details: { reason } });
    const lost = () => new WorkerLostError('gone', { effect: 'maybe', details: { reason: 'host_lost' } });
    const faults: Record<string, readonly ConnectorError[]> = {};
    const { execute, callsOf } = failing(faults);
    await using opened = data.open(execute, { isIdempotent: async (_id, action) => action.startsWith('put') });
    for (const verb of ['put', 'place'])
      Object.assign(faults, {
        [`${verb} key`]: [unknown('host_ended')],
        [`${verb} else`]: [unknown('else')],
        [`${verb} host`]: [lost()],
      });
    const actions = Object.keys(faults);
    const ends = await Promise.all(
      actions.map(async (action) => ended(opened, await start(opened, action, { idempotencyKey: action }))),
    );
    expect(ends.map(({ action, status }) => [action, status, callsOf(action)])).toEqual([
      ['put key', 'succeeded', 2],
      ['put else', 'unknown', 1],
      ['put host', 'succeeded', 2],
      ['place key', 'unknown', 1],
      ['place else', 'unknown', 1],
      // Its key is kept, by which its call is made once at most.
      ['place host', 'succeeded', 2],
    ]);
    expect(await ended(opened, await start(opened, 'place host'))).toMatchObject({ status: 'succeeded' });
  });
});

describe('a run', () => {
  it('is made as whoever started it asked, and again as whoever starts it again may', async () => {
    const asked: [ExecuteTextRequest, CallOptions | undefined][] = [];
    const unknownConnector = new NotFoundError('there is none');
    let isThere = true;
    await using opened = data.open(
      async (request, options) => {
        asked.push([request, options]);
        throw new InvalidInputError('no');
      },
      {
        requireConnector: () => {
          if (!isThere) throw unknownConnector;
        },
      },
    );
    const { executions } = opened;
    const [anna, bert] = [
      { name: 'anna', scopes: ['execute:c'] },
      { name: 'bert', scopes: ['execute:c/a', 'admin'] },
    ] as const;
    const more = { payload: '{"b":1}', idempotencyKey: 'k', runTimeoutMs: 7_000, priority: 9 };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { id } = await executions.startExecution({ id: 'c', action: 'a', ...more }, { principal: anna, traceparent });
    await ended(opened, id);
    const [request, options] = asked[0] ?? [];
    expect(request).toEqual({ id: 'c', action: 'a', payload: '{"b":1}', idempotencyKey: 'k' });
    expect(options).toMatchObject({ principal: anna, door: 'executions', timeoutMs: 7_000, traceparent });
    const again = await executions.rerunExecution(id, { principal: bert });
    expect(again).toMatchObject({ principal: 'bert', priority: 9, rerunOf: id });
    await ended(opened, again.id);
    expect(asked[1]).toMatchObject([{ payload: '{"b":1}' }, { principal: bert, timeoutMs: 7_000 }]);
    expect(asked[1]?.[0]).not.toHaveProperty('idempotencyKey');
    isThere = false;
    await expect(executions.rerunExecution(again.id)).rejects.toBe(unknownConnector);
    expect((await executions.listExecutions({ status: [] })).executions).toHaveLength(2);
    const schedule = {
      name: 's',
      connector: 'c',
      action: 'a',
      principal: 'anna',
      scopes: ['execute:c'],
      cron: '',
      timeZone: '',
    };
    const due = { ...schedule, priority: 3, runTimeoutMs: 9_000, createdAt: 0, nextAt: Date.now() };
    const callbackUrl = 'http://127.0.0.1:9/';
    const started = await executions.startScheduled(due, '{"c":1}', callbackUrl);
    expect(await executions.startScheduled(due, '{"c":1}', callbackUrl)).toBe(started);
    expect(await ended(opened, started)).toMatchObject({ schedule: 's', priority: 3, principal: 'anna', callbackUrl });
    expect(asked.slice(2)).toMatchObject([[{ payload: '{"c":1}' }, { principal: anna, timeoutMs: 9_000 }]]);
    const next = await executions.startScheduled({ ...due, nextAt: due.nextAt + 60_000 }, '{}', undefined);
    expect(next).not.toBe(started);
  });

  it('is shown as it stands, by each way to see it, and to who watches it each change once', async () => {
    const { calls, execute } = holding();
    const written: string[] = [];
    await using opened = data.open(execute, {
      over: (store) => ({
        ...store,
        progress: (claim, progress) => (written.push(progress), store.progress(claim, progress)),
      }),
    });
    const { executions, places } = opened;
    places.concurrency = 0;
    const request = { id: 'c', action: 'place', idempotencyKey: 'k' };
    const { id } = await executions.startExecution(request);
    const seen: Execution[] = [];
    const watching = (async () => {
      for await (const now of executions.watchExecution(id)) seen.push(now);
    })();
    await eventually(() => seen.length === 1);
    places.concurrency = 1;
    executions.wake();
    await eventually(() => seen.at(-1)?.status === 'running');
    const progress: CallProgress = { progress: 1, message: 'half' };
    const [call] = calls;
    call?.options.onProgress?.(progress);
    // The store knows nothing of it yet.
    expect(await executions.getExecution(id)).toMatchObject({ progress });
    expect((await executions.listExecutions()).executions).toMatchObject([{ progress }]);
    expect(await executions.startExecution(request)).toMatchObject({ id, progress, replayed: true });
    await eventually(() => seen.at(-1)?.progress);
    call?.options.onProgress?.({ ...progress });
    // None that another host runs is looked at for that.
    await eventually(() => written.length > 0);
    call?.end();
    await watching;
    expect(seen.map(({ status }) => status)).toEqual(['queued', 'running', 'running', 'succeeded']);
    expect(written.length).toBeLessThanOrEqual(2);
  });

  it('that is cancelled has ended as its call has, for which who cancels it waits a while', async () => {
    const { calls, execute } = holding(() => undefined);
    let beforeCancel = async (): Promise<void> => undefined;
    await using opened = data.open(execute, {
      over: (store) => ({ ...store, cancel: (id, end) => beforeCancel().then(() => store.cancel(id, end)) }),
    });
    const { executions } = opened;
    const [deaf, other, late] = [await start(opened, 'a'), await start(opened, 'a'), await start(opened, 'a')];
    await eventually(() => calls.length === 3);
    const [first, second, third] = calls;
    second?.options.signal?.addEventListener('abort', () =>
      second.end(new UpstreamError('it broke', { effect: 'maybe' })),
    );
    expect(await executions.cancelExecution(other)).toMatchObject({
      status: 'failed',
      error: { code: 'UPSTREAM_5XX' },
    });
    beforeCancel = async () => {
      third?.end();
      await ended(opened, late);
    };
    await expect(executions.cancelExecution(late)).rejects.toMatchObject({
      details: { reason: 'already_ended', status: 'succeeded' },
    });
    beforeCancel = async () => undefined;
    expect(await executions.cancelExecution(deaf)).toMatchObject({ status: 'running', cancelling: true });
    expect((await executions.listExecutions({ status: ['running'] })).executions).toMatchObject([
      { id: deaf, cancelling: true },
    ]);
    first?.end();
    const end = await ended(opened, deaf);
    expect(end.status).toBe('succeeded');
    expect(end).not.toHaveProperty('cancelling');
  });

  it('is written down late where the store fails for a while, and waits for a time of any distance without asking', async () => {
    const faults = { waiting: 2, finish: 1 };
    let asked = 0;
    const failingFor =
      <Given extends readonly unknown[], T>(what: keyof typeof faults, of: (...given: Given) => Promise<T>) =>
      async (...given: Given): Promise<T> => {
        if (what === 'waiting') asked += 1;
        if ((faults[what] -= 1) >= 0) throw new UnavailableError('no store');
        return of(...given);
      };
    const told: string[] = [];
    const over = (store: ExecutionStore): ExecutionStore => ({
      ...store,
      waiting: failingFor('waiting', store.waiting),
      finish: failingFor('finish', store.finish),
    });
    await using opened = data.open(async () => DONE, { over, onFault: (_fault, at) => void told.push(at) });
    const id = await start(opened, 'a');
    expect(await ended(opened, id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(told).toEqual(
      expect.arrayContaining(['executions were looked for', 'how an execution stands was written down']),
    );
    await start(opened, 'a', { runAt: '2999-01-01T00:00:00Z' });
    const before = asked;
    await new Promise((resolve) => void setTimeout(resolve, 200));
    expect(asked - before).toBeLessThan(20);
  });

  it('that another host has taken over is that one’s, also where it comes back before its call here has let go', async () => {
    const { calls, execute } = holding(() => undefined);
    let lost: string | undefined;
    await using opened = data.open(execute, {
      over: (store) => ({
        ...store,
        async renew(claims) {
          const id = lost;
          lost = undefined;
          // What the other one did meanwhile.
          if (id !== undefined)
            data.sql("UPDATE executions SET status = 'queued', host = NULL, token = token + 2 RETURNING id");
          return store.renew(claims);
        },
      }),
    });
    const { executions, places } = opened;
    const id = await start(opened, 'place');
    await eventually(() => calls.length === 1);
    places.concurrency = 0;
    lost = id;
    await eventually(() => calls[0]?.options.signal?.aborted);
    expect(await executions.getExecution(id)).toMatchObject({ status: 'queued' });
    places.concurrency = 1;
    executions.wake();
    await eventually(() => calls.length === 2);
    calls[0]?.end();
    await new Promise((resolve) => void setTimeout(resolve, 50));
    const progress: CallProgress = { progress: 2 };
    calls[1]?.options.onProgress?.(progress);
    expect(await executions.getExecution(id)).toMatchObject({ status: 'running', attempts: 2, progress });
    calls[1]?.end(new InvalidInputError('no'));
    expect(await ended(opened, id)).toMatchObject({ status: 'failed', attempts: 2 });
  });

  it('is left to other hosts where this one has no place for more of its connector', async () => {
    const { execute } = holding(() => new CancelledError('left', { effect: 'none' }));
    let offers = 0;
    await using opened = data.open(execute, { over: (store) => ({ ...store, offer: () => void (offers += 1) }) });
    opened.places.concurrency = 1_000;
    await Promise.all(Array.from({ length: 100 }, () => start(opened, 'a')));
    expect(offers).toBe(0);
    await Promise.all(Array.from({ length: 500 }, () => start(opened, 'a')));
    await eventually(() => offers > 0);
  });

  it('counts once as waited for, from when it could be run', async () => {
    const metrics = new ExecutionMetrics();
    const { execute } = failing({
      a: [new OverloadedError('full', { effect: 'none' }), new UnavailableError('no', { effect: 'none' })],
    });
    await using opened = data.open(execute, { metrics });
    opened.places.retry.maxBackoffMs = 5;
    opened.places.concurrency = 0;
    const id = await start(opened, 'a', { runAt: new Date(Date.now() + HOUR).toISOString() });
    const now = Date.now();
    data.sql(`UPDATE executions SET created_at = ${now - HOUR}, run_at = ${now}, due_at = ${now} RETURNING id`);
    opened.places.concurrency = 1;
    opened.executions.wake();
    expect(await ended(opened, id)).toMatchObject({ status: 'succeeded', attempts: 2 });
    const family = metrics.families().find(({ name }) => name === 'automate_execution_wait_seconds');
    const [waits] = family !== undefined && 'distributions' in family ? family.distributions : [];
    expect(waits?.sum).toBeLessThan(HOUR / 2_000);
    // That which was held back was the first run once more.
    expect(waits?.count).toBe(2);
  });
});

describe('what a host leaves', () => {
  it('in order is given back where nothing was done, ended where nobody knows, and nothing is asked any more', async () => {
    const left = new CancelledError('left', { effect: 'maybe' });
    const { calls, execute } = holding(({ action }) => (action === 'deaf' ? undefined : left));
    let [asked, isClosed] = [0, false];
    const opened = data.open(execute, {
      over: (store) => ({ ...store, waiting: () => ((asked += isClosed ? 1 : 0), store.waiting()) }),
    });
    const { executions } = opened;
    const ids: Record<string, string> = {};
    for (const name of ['none', 'put', 'place', 'well', 'deaf']) ids[name] = await start(opened, name);
    const watched = await start(opened, 'watched', { runAt: '2999-01-01T00:00:00Z' });
    await eventually(() => calls.length === 5);
    const end = (name: string, fault?: unknown): void =>
      calls.find(({ request }) => request.action === name)?.end(fault);
    const watching = (async () => {
      for await (const _now of executions.watchExecution(watched));
    })();
    const signalOf = (name: string) => calls.find(({ request }) => request.action === name)?.options.signal;
    const cancelling = executions.cancelExecution(ids['deaf'] ?? '');
    await eventually(() => signalOf('deaf')?.aborted);
    const closing = opened.close(500);
    end('none', new UnavailableError('shutting down', { effect: 'none' }));
    end('well');
    // Why its call was ended first is what counts.
    await eventually(() => signalOf('put')?.aborted);
    end('deaf', left);
    expect(await cancelling).toMatchObject({ status: 'cancelled' });
    await closing;
    isClosed = true;
    await watching;
    const rows = data.sql('SELECT action, status, attempts FROM executions ORDER BY seq');
    expect(rows.map(({ action, status, attempts }) => [action, status, attempts])).toEqual([
      ['none', 'queued', 0],
      ['put', 'queued', 1],
      ['place', 'unknown', 1],
      ['well', 'succeeded', 1],
      ['deaf', 'cancelled', 1],
      ['watched', 'queued', 0],
    ]);
    executions.wake();
    await new Promise((resolve) => void setTimeout(resolve, 50));
    expect(asked).toBe(0);
  });

  it('when it is lost is run again where that does no harm and has not been done too often, and is unknown otherwise', async () => {
    const never = data.open(async () => DONE);
    never.places.concurrency = 0;
    const place = (key: string) => ({ connector: 'c', principal: 'local', key });
    const given = [
      ['put', undefined, 1],
      ['put', 'open', 1],
      ['put', 'closed', 1],
      ['put', undefined, OFTEN],
      ['place', undefined, 1],
      ['place', 'place', 1],
      ['place', 'often', OFTEN],
    ] as const;
    const ids: string[] = [];
    for (const [action, idempotencyKey] of given)
      ids.push(await start(never, action, idempotencyKey === undefined ? {} : { idempotencyKey }));
    await never.close();
    const [lost, lostOutcomes] = [openSqliteExecutionStore(data.path), openSqliteOutcomeStore(data.path)];
    expect(await lost.claim(20, { c: 20 })).toHaveLength(given.length);
    for (const [index, [, , attempts]] of given.entries())
      data.sql(`UPDATE executions SET attempts = ${attempts} WHERE id = '${ids[index]}' RETURNING id`);
    for (const key of ['open', 'closed', 'place'])
      await lostOutcomes.begin({ ...place(key), action: key === 'place' ? 'place' : 'put', payloadSha256: 'h' });
    await lostOutcomes.end(place('closed'), { status: 'unknown', attempts: 1, expiresAt: Date.now() + HOUR });
    await Promise.all([lost.close(), lostOutcomes.close()]);

    const known: Record<string, unknown> = {};
    let asked = 0;
    await using host = data.open(
      async ({ idempotencyKey: key }) => {
        if (key !== undefined) known[key] = (await host.outcomes.find(place(key)))?.status;
        return DONE;
      },
      {
        // For longer than it takes until claims are looked at again.
        async isIdempotent(_id, action) {
          asked += 1;
          await new Promise((resolve) => void setTimeout(resolve, 1_500));
          return action === 'put';
        },
      },
    );
    const ends = await Promise.all(ids.map((id) => ended(host, id)));
    expect(
      ends.map(({ action, status, attempts, idempotencyKey }) => [action, idempotencyKey, attempts, status]),
    ).toEqual([
      ['put', undefined, 2, 'succeeded'],
      ['put', 'open', 2, 'succeeded'],
      ['put', 'closed', 2, 'succeeded'],
      ['put', undefined, OFTEN, 'unknown'],
      ['place', undefined, 1, 'unknown'],
      ['place', 'place', 2, 'succeeded'],
      ['place', 'often', OFTEN, 'unknown'],
    ]);
    expect(known).toEqual({ open: undefined, closed: 'unknown', place: 'unknown' });
    // Once of each that was not given up for the number of its runs.
    expect(asked).toBe(5);
  });

  it('when it is lost may have taken effect, which who cancels it is told, and is decided before the next one ends', async () => {
    const never = data.open(async () => DONE);
    never.places.concurrency = 0;
    const [put, place] = [await start(never, 'put'), await start(never, 'place')];
    await never.close();
    const lost = openSqliteExecutionStore(data.path);
    expect(await lost.claim(5, { c: 5 })).toHaveLength(2);
    await lost.close();
    let asked = 0;
    const { execute } = failing({ heldBack: [new OverloadedError('full', { effect: 'none', retryAfterMs: HOUR })] });
    const host = data.open(execute, {
      async isIdempotent(_id, action) {
        asked += 1;
        if (action === 'place') await new Promise((resolve) => void setTimeout(resolve, 300));
        return action === 'put';
      },
    });
    host.places.concurrency = 0;
    await eventually(async () => asked === 2 && (await host.executions.getExecution(put)).status === 'queued');
    const maybe = await host.executions.cancelExecution(put);
    expect(maybe).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED', effect: 'maybe' } });
    await host.close();
    expect(data.sql(`SELECT status FROM executions WHERE id = '${place}'`)).toEqual([{ status: 'unknown' }]);
    await using next = data.open(execute);
    const heldBack = await start(next, 'heldBack', {});
    await eventually(() => data.sql(`SELECT 1 AS one FROM executions WHERE due_at IS NOT NULL`).length === 1);
    data.sql(`UPDATE executions SET attempts = 1 WHERE id = '${heldBack}' RETURNING id`);
    expect(await next.executions.cancelExecution(heldBack)).toMatchObject({
      status: 'cancelled',
      error: { effect: 'none' },
    });
  });

  it('is run by who serves, and by who starts one itself', async () => {
    const never = data.open(async () => DONE);
    never.places.concurrency = 0;
    const left = await start(never, 'left');
    await never.close();
    const { execute, callsOf } = failing({});
    await using looking = data.open(execute, { serves: false });
    expect(await looking.executions.getExecution(left)).toMatchObject({ status: 'queued' });
    looking.executions.wake();
    await new Promise((resolve) => void setTimeout(resolve, 200));
    expect(callsOf('left')).toBe(0);
    await start(looking, 'a');
    expect(await ended(looking, left)).toMatchObject({ status: 'succeeded' });
  });

  it('is made once its payload can be opened, and its end is written down, also where the file of the master key cannot be read for a moment', async () => {
    const file = join(data.path, 'keys', 'master.key');
    const never = data.open(async () => DONE);
    never.places.concurrency = 0;
    const waiting = await start(never, 'waiting');
    await never.close();
    const key = readFileSync(file, 'utf8');
    writeFileSync(file, '');
    const { execute, callsOf } = failing({});
    const done = Promise.withResolvers<typeof DONE>();
    await using opened = data.open((request, options) =>
      request.action === 'long' ? done.promise : execute(request, options),
    );
    await delay(500);
    expect(callsOf('waiting')).toBe(0);
    writeFileSync(file, key);
    expect(await ended(opened, waiting)).toMatchObject({ status: 'succeeded' });
    expect(callsOf('waiting')).toBe(1);

    const long = await start(opened, 'long');
    writeFileSync(file, '');
    // For a second the key that was in use is not asked for again.
    await delay(1_200);
    done.resolve(DONE);
    await delay(200);
    writeFileSync(file, key);
    expect(await ended(opened, long)).toMatchObject({ status: 'succeeded', attempts: 1, result: 'done' });
  });

  it('of a connector that this host does not know is kept for as long as was said', async () => {
    const first = data.open(async () => DONE);
    const id = await start(first, 'a');
    await ended(first, id);
    await first.close();
    const placesOf = (isUnknown: boolean) => ({
      ...{ concurrency: 1, retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 }, ttlMs: 1 },
      ...(isUnknown ? { isUnknown } : {}),
    });
    const kept = () => data.sql('SELECT expires_at - ended_at AS ms FROM executions').map(({ ms }) => ms);
    await data.open(async () => DONE, { placesOf: () => placesOf(true) }).close();
    expect(kept()).toEqual([expect.any(Number)]);
    expect(kept()[0]).toBeGreaterThan(1_000);
    await using next = data.open(async () => DONE, { placesOf: () => placesOf(false) });
    await eventually(async () => (await next.executions.listExecutions()).executions.length === 0);
  });
});
