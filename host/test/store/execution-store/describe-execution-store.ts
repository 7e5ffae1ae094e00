// Long, as all that a store of executions promises stands here, for each make of it.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@automate/tooling/eventually';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionStore, NewExecution, StoredExecution } from '../../../dist/store/execution-store.js';
import type { StoreMake } from './fixtures/store-bench.ts';
import { StoreProcess, workUntilKilled } from './fixtures/store-bench.ts';

const HOUR = 3_600_000;
const MOST_KILLS = 200;
/** Hosts that die with one process, each at another point, and processes that live at the same time. */
const HOSTS = 4;
const SIDE_BY_SIDE = 2;

const execution = (more: Partial<NewExecution> = {}): NewExecution => ({
  id: randomUUID(),
  connector: 'c',
  action: 'a',
  principal: 'p',
  scopes: ['admin'],
  payload: Buffer.from('a payload'),
  payloadSha256: 'hash',
  priority: 0,
  ...more,
});
const end = (status: 'succeeded' | 'failed' | 'unknown') => ({
  status,
  outcome: Buffer.from(status),
  expiresAt: Date.now() + HOUR,
});
const ids = (all: readonly { readonly id: string }[]): readonly string[] => all.map(({ id }) => id);

/** What every make of store keeps to. */
export function describeExecutionStore(name: string, make: StoreMake): void {
  const { kills: wantedKills = MOST_KILLS } = make;
  describe(`executions in ${name}`, () => {
    let place: string;
    let store: ExecutionStore;
    beforeEach(async () => {
      place = await make.makePlace();
      store = await make.open(place);
    });
    afterEach(() => store.close());
    const add = async (more: Partial<NewExecution> = {}): Promise<StoredExecution> =>
      (await store.enqueue(execution(more))).execution;
    const claimOne = async (from: ExecutionStore | StoreProcess['store'] = store) => {
      const [claimed] = await from.claim(1, { c: 10 });
      if (claimed === undefined) throw new Error('nothing was claimed');
      return claimed;
    };

    it('are kept with all that was said of them', async () => {
      const given = execution({
        key: 'k',
        runTimeoutMs: 7,
        priority: -3,
        traceparent: '00-1',
        runAt: Date.now() - 1,
        scopes: ['execute:c', 'read'],
      });
      const { as, execution: kept } = await store.enqueue(given);
      const { payload: _sealed, ...said } = given;
      expect(as).toBe('new');
      expect(kept).toMatchObject({ ...said, status: 'queued', attempts: 0, cancelling: false });
      expect(await store.find(given.id)).toEqual(kept);
      expect(Buffer.from((await store.payload(given.id)) ?? []).toString()).toBe('a payload');
      expect(await store.find('none')).toBeUndefined();
      const claimed = await claimOne();
      expect(claimed).toMatchObject({
        id: given.id,
        token: 1,
        attempts: 1,
        status: 'running',
        scopes: ['execute:c', 'read'],
      });
      expect(Buffer.from(claimed.payload).toString()).toBe('a payload');
      await store.progress(claimed, '{"progress":1}');
      expect(await store.find(given.id)).toMatchObject({ status: 'running', progress: '{"progress":1}' });
      expect(await store.finish(claimed, end('succeeded'))).toBe(true);
      const ended = await store.find(given.id);
      expect(ended).toMatchObject({ status: 'succeeded', endedAt: expect.any(Number) });
      expect(Buffer.from(ended?.outcome ?? []).toString()).toBe('succeeded');
      // What succeeded is not run again.
      expect(await store.payload(given.id)).toBeUndefined();
      expect(await store.stats()).toEqual([]);
    });

    it('are kept whole, small and large, and end once, where many come at a time', async () => {
      const bytesOf = (index: number): Buffer => Buffer.alloc(index % 5 === 0 ? 50_000 : 50, index);
      const given = Array.from({ length: 60 }, (_, index) =>
        execution({
          payload: bytesOf(index),
          ...(index % 2 === 0
            ? { key: `k${index}`, callbackUrl: Buffer.from([index, 0, 92]) }
            : { runTimeoutMs: index }),
        }),
      );
      const kept = await Promise.all(given.map((each) => store.enqueue(each)));
      for (const [index, { as, execution: found }] of kept.entries()) {
        const { payload: _sealed, callbackUrl, ...said } = given[index] ?? execution();
        expect(as).toBe('new');
        expect(found).toMatchObject({ ...said, status: 'queued' });
        expect(found.callbackUrl && Buffer.from(found.callbackUrl)).toEqual(callbackUrl);
      }
      const claimed = await store.claim(100, { c: 100 });
      expect(claimed).toHaveLength(60);
      const numberOf = ({ id }: { readonly id: string }): number => given.findIndex((each) => each.id === id);
      for (const each of claimed) expect(bytesOf(numberOf(each)).equals(each.payload)).toBe(true);
      const ended = await Promise.all(
        claimed.flatMap((each) => {
          const outcome = bytesOf(numberOf(each));
          return [
            store.finish({ ...each, token: each.token - 1 }, end('failed')),
            store.finish(each, { ...end('succeeded'), outcome }),
            store.finish(each, { ...end('failed'), outcome }),
          ];
        }),
      );
      for (const [index, each] of claimed.entries()) {
        const [stale, first, second] = ended.slice(3 * index, 3 * index + 3);
        expect([stale, [first, second].filter(Boolean).length]).toEqual([false, 1]);
        const found = await store.find(each.id);
        expect(found?.status).toBe(first ? 'succeeded' : 'failed');
        expect(bytesOf(numberOf(each)).equals(found?.outcome ?? Buffer.alloc(0))).toBe(true);
      }
    });

    it('are one for a key of a caller and connector, however many ask for it at once', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.enqueue(execution({ key: 'k' }))));
      expect(answers.filter(({ as }) => as === 'new')).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer.execution.id)).size).toBe(1);
      const large = { key: 'large', payload: Buffer.alloc(50_000) };
      const ofLarge = await Promise.all(Array.from({ length: 8 }, () => store.enqueue(execution(large))));
      expect(ofLarge.filter(({ as }) => as === 'new')).toHaveLength(1);
      expect(new Set(ofLarge.map((answer) => answer.execution.id)).size).toBe(1);
      for (const other of [{ principal: 'q' }, { connector: 'd' }, { key: 'l' }])
        expect((await store.enqueue(execution({ key: 'k', ...other }))).as).toBe('new');
      const claimed = await claimOne();
      await store.finish(claimed, { ...end('failed'), expiresAt: Date.now() - 1 });
      expect((await store.enqueue(execution({ key: 'k' }))).as).toBe('new');
    });

    it('are told of when they have ended, by one host at a time, and are kept until they were', async () => {
      await using other = await StoreProcess.start(make, place);
      const callbackUrl = Buffer.from([1, 0, 255]);
      const [run, waiting, silent] = [
        await add({ callbackUrl, key: 'k' }),
        await add({ callbackUrl, runAt: Date.now() + 60_000 }),
        await add(),
      ];
      expect(run).toMatchObject({ callback: 'pending', callbackTries: 0 });
      expect(silent).not.toHaveProperty('callback');
      expect(await store.claimCallbacks(9)).toEqual({ due: [] });
      for (const claimed of await store.claim(9, { c: 10 }))
        await store.finish(claimed, { ...end('failed'), expiresAt: Date.now() - 1 });
      expect(await store.find(run.id)).toBeUndefined();
      expect(ids(await store.list({ limit: 9 }))).toEqual([waiting.id]);
      // So that it is due later.
      await delay(2);
      await store.cancel(waiting.id, { expiresAt: Date.now() + 60_000 });
      const first = await store.claimCallbacks(1);
      expect(ids(first.due)).toEqual([run.id]);
      const both = await Promise.all([other.store.claimCallbacks(1), store.claimCallbacks(9)]);
      const due = [first, ...both].flatMap((each) => each.due);
      expect(due.map(({ id }) => id).toSorted()).toEqual([run.id, waiting.id].toSorted());
      for (const each of due) {
        expect(each).toMatchObject({ callback: 'pending', callbackTries: 1, endedAt: expect.any(Number) });
        expect(Buffer.from(each.callbackUrl ?? [])).toEqual(callbackUrl);
      }
      const { due: none, nextAt = 0 } = await store.claimCallbacks(9);
      expect(none).toEqual([]);
      expect(nextAt).toBeGreaterThan(Date.now());
      // Its time is over, its key is free, and its end is to be told all the same.
      expect((await store.enqueue(execution({ key: 'k' }))).as).toBe('new');
      await store.expire();
      await expect(store.endCallback({ id: run.id, callbackTries: 1 }, { afterMs: 0 })).resolves.toBe(true);
      await expect(store.endCallback({ id: waiting.id, callbackTries: 1 }, 'failed')).resolves.toBe(true);
      await expect(store.endCallback({ id: waiting.id, callbackTries: 1 }, { afterMs: 0 })).resolves.toBe(false);
      expect(await store.find(waiting.id)).toMatchObject({ callback: 'failed' });
      const again = await store.claimCallbacks(9);
      expect(again.due.map(({ id, callbackTries }) => [id, callbackTries])).toEqual([[run.id, 2]]);
      // Too late, as somebody else took it.
      await expect(store.endCallback({ id: run.id, callbackTries: 1 }, 'failed')).resolves.toBe(false);
      await expect(store.endCallback({ id: run.id, callbackTries: 2 }, 'delivered')).resolves.toBe(true);
      await store.expire();
      expect(await store.claimCallbacks(9)).toEqual({ due: [] });
    });

    it('are claimed by priority and age, within the places of their connectors, over all hosts', async () => {
      await using other = await StoreProcess.start(make, place);
      const [low, old, young, high] = [
        await add({ priority: -1 }),
        await add(),
        await add(),
        await add({ priority: 5 }),
      ];
      await add({ connector: 'paused', priority: 100 });
      await add({ connector: 'd', priority: 2 });
      expect((await store.waiting()).connectors).toEqual(['c', 'd', 'paused']);
      expect(ids(await store.claim(1, { c: 2, d: 1 }))).toEqual([high.id]);
      expect(await store.waiting()).toMatchObject({ others: false });
      expect((await other.store.claim(10, { c: 2, d: 1 })).map(({ connector }) => connector)).toEqual(['d', 'c']);
      expect(await store.claim(10, { c: 2, d: 1 })).toEqual([]);
      expect(await store.waiting()).toMatchObject({ others: true });
      expect(await store.claim(10, { c: 4 }, { c: 0 })).toEqual([]);
      expect(ids(await store.claim(10, { c: 4 }, { c: 1 }))).toEqual([young.id]);
      expect(ids(await store.claim(10, { c: 4 }, { d: 1 }))).toEqual([low.id]);
      expect(await other.store.find(old.id)).toMatchObject({ status: 'running' });
    });

    it('wait for their time, and for another run', async () => {
      const later = await add({ runAt: Date.now() + 700 });
      expect(await store.claim(1, { c: 1 })).toEqual([]);
      expect(await store.waiting()).toMatchObject({ connectors: [], nextAt: later.runAt });
      await eventually(async () => (await store.waiting()).connectors.length === 1);
      expect(Date.now()).toBeGreaterThanOrEqual(later.runAt ?? Infinity);
      const claimed = await claimOne();
      await store.progress(claimed, '{"progress":1}');
      expect(await store.requeue(claimed, { afterMs: 500, counts: true, outcome: Buffer.from('why') })).toBe(true);
      const queued = await store.find(later.id);
      expect(queued).toMatchObject({ status: 'queued', attempts: 1 });
      expect(Buffer.from(queued?.outcome ?? []).toString()).toBe('why');
      expect(await store.claim(1, { c: 1 })).toEqual([]);
      const again = await eventually(async () => (await store.claim(1, { c: 1 }))[0]);
      expect(again).toMatchObject({ token: 2, attempts: 2 });
      expect(again).not.toHaveProperty('progress');
      if (again !== undefined) await store.requeue(again, { afterMs: 0, counts: false });
      expect(await claimOne()).toMatchObject({ token: 3, attempts: 2 });
    });

    it('change by the newest token alone', async () => {
      const { id } = await add();
      const first = await claimOne();
      await store.requeue(first, { afterMs: 0, counts: true });
      const second = await claimOne();
      const before = await store.find(id);
      for (const change of [store.finish(first, end('failed')), store.requeue(first, { afterMs: 0, counts: true })])
        expect(await change).toBe(false);
      await store.progress(first, '{"progress":9}');
      expect(await store.find(id)).toEqual(before);
      expect(await store.renew([first, second])).toEqual({ lost: [id], cancelled: [] });
      expect(await store.finish(second, end('succeeded'))).toBe(true);
      expect(await store.finish(second, end('failed'))).toBe(false);
    });

    it('are cancelled: those that wait at once, those that run by who runs them', async () => {
      const [waiting, running] = [await add({ priority: -1 }), await add()];
      const claimed = await claimOne();
      const over = { outcome: Buffer.from('cancelled'), expiresAt: Date.now() + HOUR };
      expect(await store.cancel(waiting.id, over)).toMatchObject({ status: 'cancelled', expiresAt: over.expiresAt });
      expect(await store.claim(5, { c: 5 })).toEqual([]);
      expect(await store.cancel(running.id, over)).toMatchObject({ status: 'running', cancelling: true });
      expect(await store.renew([claimed])).toEqual({ lost: [], cancelled: [running.id] });
      expect(await store.requeue(claimed, { afterMs: 0, counts: true })).toBe(false);
      expect(await store.find(running.id)).toMatchObject({ status: 'running', cancelling: true });
      await store.finish(claimed, end('succeeded'));
      expect(await store.cancel(running.id, over)).toMatchObject({ status: 'succeeded', cancelling: false });
      expect(await store.cancel('none', over)).toBeUndefined();
      const timed = await add({ runAt: Date.now() + HOUR });
      expect(await store.cancel(timed.id, over)).toMatchObject({ status: 'cancelled' });
      expect(await store.waiting()).toEqual({ connectors: [], others: false });
    });

    it('are repeated once, where they did not succeed', async () => {
      const first = await add();
      expect(await store.enqueue(execution({ rerunOf: first.id }))).toMatchObject({
        as: 'not_repeated',
        execution: { status: 'queued' },
      });
      await store.finish(await claimOne(), end('failed'));
      await add({ connector: 'd' });
      await add({ connector: 'd' });
      await add({ connector: 'd', runAt: Date.now() + HOUR });
      await store.claim(1, { d: 1 });
      expect(await store.stats()).toEqual([
        { connector: 'c', queued: 0, running: 0, deadLetters: 1 },
        { connector: 'd', queued: 1, running: 1, deadLetters: 0 },
      ]);
      expect(ids(await store.list({ deadLetters: true, limit: 5 }))).toEqual([first.id]);
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => store.enqueue(execution({ rerunOf: first.id }))),
      );
      const [again, ...more] = answers.filter(({ as }) => as === 'new');
      expect(more).toEqual([]);
      expect(again?.execution).toMatchObject({ rerunOf: first.id });
      expect(await store.find(first.id)).toMatchObject({ status: 'failed', rerunAs: again?.execution.id });
      // Of one that is forgotten by now.
      expect(await store.enqueue(execution({ rerunOf: 'none' }))).toMatchObject({ as: 'new' });
      expect(await store.list({ deadLetters: true, limit: 5 })).toEqual([]);
      expect(await store.stats()).toContainEqual({ connector: 'c', queued: 2, running: 0, deadLetters: 0 });
    });

    it('are listed page by page, the newest first, and forgotten when their time is over', async () => {
      const all: string[] = [];
      for (let index = 0; index < 6; index += 1)
        all.unshift((await add({ principal: index % 2 === 0 ? 'p' : 'q', connector: index < 3 ? 'c' : 'd' })).id);
      const first = await store.list({ limit: 4 });
      expect(ids(first)).toEqual(all.slice(0, 4));
      expect(ids(await store.list({ limit: 4, before: first.at(-1)?.seq }))).toEqual(all.slice(4));
      expect(ids(await store.list({ limit: 9, principal: 'p' }))).toEqual([all[1], all[3], all[5]]);
      expect(ids(await store.list({ limit: 9, principal: 'p', connector: 'c' }))).toEqual([all[3], all[5]]);
      const claimed = await claimOne();
      await store.finish(claimed, { ...end('succeeded'), expiresAt: Date.now() + 300 });
      expect(await store.list({ limit: 9, status: ['succeeded'] })).toMatchObject([{ id: claimed.id }]);
      expect((await store.list({ limit: 9, status: ['succeeded'] }))[0]).not.toHaveProperty('outcome');
      expect(ids(await store.list({ limit: 9, status: ['succeeded', 'queued'] }))).toEqual(all);
      await eventually(async () => (await store.find(claimed.id)) === undefined);
      expect(ids(await store.list({ limit: 9 }))).toEqual(all.slice(0, 5));
      await store.expire();
      expect(await store.expire()).toBe(0);
      const [other, kept] = [await add({ connector: 'e' }), await claimOne()];
      await store.finish(kept, end('failed'));
      expect(await store.connectors()).toEqual(expect.arrayContaining(['c', 'd', 'e']));
      await store.shorten({ c: HOUR / 2, d: 1 });
      const { endedAt = 0, expiresAt = 0 } = (await store.find(kept.id)) ?? {};
      expect(expiresAt - endedAt).toBe(HOUR / 2);
      await store.shorten({ c: HOUR });
      expect(await store.find(kept.id)).toMatchObject({ expiresAt });
      await store.shorten({ c: 1, e: 1 });
      await eventually(async () => (await store.find(kept.id)) === undefined);
      expect(await store.find(other.id)).toMatchObject({ status: 'queued' });
    });

    it('pass to another host when theirs is killed', async () => {
      const { id } = await add();
      await using other = await StoreProcess.start(make, place);
      const claimed = await claimOne(other.store);
      expect(await store.takeOver([])).toEqual([]);
      await other.kill();
      const [taken] = await eventually(
        () => store.takeOver([]),
        (rows) => rows.length > 0,
      );
      expect(taken).toMatchObject({ id, token: claimed.token + 1, status: 'running' });
      if (taken !== undefined) expect(await store.finish(taken, end('unknown'))).toBe(true);
      expect(await store.find(id)).toMatchObject({ status: 'unknown' });
    });

    it('pass to another host at once when theirs has ended in order, with all that it was asked to keep', async () => {
      const ending = await make.open(place);
      const [first] = await Promise.all([1, 2, 3].map(() => ending.enqueue(execution())));
      const claimed = await claimOne(ending);
      expect(await store.takeOver([])).toEqual([]);
      const asked: ReturnType<typeof ending.enqueue>[] = [];
      for (const _turn of [4, 5]) {
        asked.push(ending.enqueue(execution()));
        await new Promise((resolve) => void setImmediate(resolve));
      }
      await ending.close();
      expect((await Promise.all(asked)).map(({ as }) => as)).toEqual(['new', 'new']);
      expect(first?.as).toBe('new');
      expect(await store.takeOver([])).toMatchObject([{ id: claimed.id, token: claimed.token + 1 }]);
      expect(await store.list({ limit: 9 })).toHaveLength(5);
    });

    it('pass to another host when theirs stands still, whose late end changes nothing', async () => {
      const { id } = await add();
      await using other = await StoreProcess.start(make, place);
      const claimed = await claimOne(other.store);
      for (let beat = 0; beat < 4; beat += 1) {
        expect(await other.store.renew([claimed])).toEqual({ lost: [], cancelled: [] });
        for (const _look of [1, 2]) expect(await store.takeOver([])).toEqual([]);
        await delay(1_000);
      }
      other.child.kill('SIGSTOP');
      const late = other.store.finish(claimed, end('succeeded'));
      const [taken] = await eventually(
        () => store.takeOver([]),
        (rows) => rows.length > 0,
      );
      // It runs again here, so that only the token tells the two apart.
      if (taken !== undefined) await store.requeue(taken, { afterMs: 0, counts: true });
      const again = await claimOne();
      const before = await store.find(id);
      other.child.kill('SIGCONT');
      expect(await late).toBe(false);
      expect(await other.store.renew([claimed])).toEqual({ lost: [id], cancelled: [] });
      expect(await store.find(id)).toEqual(before);
      expect(await store.finish(again, end('succeeded'))).toBe(true);
      // It lives again.
      await add();
      await claimOne(other.store);
      expect(await store.takeOver([])).toEqual([]);
    });

    it('are this host’s own again where it does not know of its claim', async () => {
      const { id } = await add();
      const claimed = await claimOne();
      expect(await store.takeOver([id])).toEqual([]);
      expect(await store.takeOver([])).toMatchObject([{ id, token: claimed.token + 1 }]);
    });

    it('neither lapse nor stay held when a clock jumps', async () => {
      await using holder = await StoreProcess.start(make, place);
      await using ahead = await StoreProcess.start(make, place, 2 * HOUR);
      await using behind = await StoreProcess.start(make, place, -2 * HOUR);
      await using watching = await StoreProcess.start(make, place);
      // These two are seen at work, and have nothing to do then for longer than a claim counts.
      for (const each of [ahead, behind]) {
        await add({ connector: 'd' });
        const [run] = await each.store.claim(1, { d: 1 });
        expect(await (each === ahead ? store : watching.store).takeOver([])).toEqual([]);
        if (run !== undefined) await store.finish(run, end('succeeded'));
      }
      const { id } = await add();
      const claimed = await claimOne(holder.store);
      for (let beat = 0; beat < 5; beat += 1) {
        await holder.store.renew([claimed]);
        for (const each of [ahead, behind]) expect(await each.store.takeOver([])).toEqual([]);
        await delay(900);
      }
      await add({ connector: 'd' });
      const [begun] = await ahead.store.claim(1, { d: 1 });
      expect(await store.takeOver([])).toEqual([]);
      if (begun !== undefined) await store.finish(begun, end('succeeded'));
      await holder.kill();
      const [taken] = await eventually(
        () => behind.store.takeOver([]),
        (rows) => rows.length > 0,
      );
      expect(taken).toMatchObject({ id });
      expect(await watching.store.takeOver([])).toEqual([]);
      // It waits a moment for another run by a clock that is ahead: nobody else waits for two hours.
      const waits = await add({ connector: 'd' });
      const [run] = await ahead.store.claim(1, { d: 1 });
      if (run === undefined) throw new Error('nothing was claimed');
      await ahead.store.requeue(run, { afterMs: 200, counts: true });
      expect(
        ids(
          await eventually(
            () => store.claim(1, { d: 1 }),
            (rows) => rows.length > 0,
          ),
        ),
      ).toEqual([waits.id]);
    });

    it(`lose nothing that was acknowledged, and none is run twice, over ${wantedKills} kills`, async () => {
      const said: string[] = [];
      let kills = 0;
      await Promise.all(
        Array.from({ length: SIDE_BY_SIDE }, async () => {
          while (kills < wantedKills) {
            kills += HOSTS;
            said.push(...(await workUntilKilled(make, place, { hosts: HOSTS, lines: 1 + (kills % 61) })));
          }
        }),
      );
      const told = (word: string): readonly string[] =>
        said.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
      for (;;) {
        const lapsed = await store.takeOver([]);
        for (const each of lapsed) expect(await store.finish(each, end('unknown'))).toBe(true);
        if ((await store.stats()).every(({ running }) => running === 0)) break;
        await delay(50);
      }
      const queued = new Set<string>();
      for (
        let rows = await store.claim(100, { c: 1_000 });
        rows.length > 0;
        rows = await store.claim(100, { c: 1_000 })
      )
        for (const each of rows) {
          queued.add(each.id);
          expect(await store.finish(each, end('succeeded'))).toBe(true);
        }
      const runs = told('run');
      expect(runs.length).toBeGreaterThan(wantedKills);
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs.filter((id) => queued.has(id))).toEqual([]);
      const statuses = new Map<string, string>();
      let before: number | undefined;
      for (;;) {
        const page = await store.list({ limit: 1_000, ...(before === undefined ? {} : { before }) });
        for (const { id, status } of page) statuses.set(id, status);
        before = page.at(-1)?.seq;
        if (before === undefined) break;
      }
      expect(told('enqueued').filter((id) => !statuses.has(id))).toEqual([]);
      expect(told('ended').filter((id) => statuses.get(id) !== 'succeeded')).toEqual([]);
      expect(told('unknown').filter((id) => statuses.get(id) !== 'unknown')).toEqual([]);
      expect([...statuses.values()].filter((status) => status !== 'succeeded' && status !== 'unknown')).toEqual([]);
    });
  });
}
