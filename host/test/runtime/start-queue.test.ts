import { describe, expect, it } from '@jest/globals';
import { StartQueue } from '../../src/runtime/start-queue.ts';
import type { StartTurn } from '../../src/runtime/start-queue.ts';
import type { Bench } from './support.ts';
import { delay, ISOLATED, openBench, until } from './support.ts';

const hasBegun = (turn: StartTurn): boolean => turn.phase !== 'waiting';

describe('the queue of starts', () => {
  it('gives turns in the order in which they were asked for, as places become free', () => {
    const queue = new StartQueue({ places: 2, backgroundPlaces: 2 });
    const turns = ['a', 'b', 'c', 'd'].map((kind) => queue.take(kind, true));
    expect(turns.map(hasBegun)).toStrictEqual([true, true, false, false]);
    expect(queue.waiting).toBe(2);
    turns[1]?.end();
    expect(turns.map(hasBegun)).toStrictEqual([true, true, true, false]);
    turns[0]?.end();
    expect(turns.map(hasBegun)).toStrictEqual([true, true, true, true]);
  });

  it('prefers those that somebody waits for, also where somebody comes later', () => {
    const queue = new StartQueue({ places: 2, backgroundPlaces: 1 });
    const first = queue.take('a', false);
    const [second, third] = [queue.take('b', false), queue.take('c', false)];
    const called = queue.take('d', true);
    expect([first, second, third, called].map(hasBegun)).toStrictEqual([true, false, false, true]);
    third.hurry();
    called.end();
    expect([second, third].map(hasBegun)).toStrictEqual([false, true]);
  });

  it('keeps a place free of each kind, and half of them of kinds whose last start had to be ended', () => {
    const queue = new StartQueue({ places: 4, backgroundPlaces: 1 });
    const spinning = Array.from({ length: 10 }, () => queue.take('spinning', true));
    expect(spinning.filter(hasBegun)).toHaveLength(3);
    const other = queue.take('other', true);
    expect(hasBegun(other)).toBe(true);
    other.succeed();
    for (const turn of spinning.slice(0, 3)) turn.fail();
    expect(spinning.slice(3).filter(hasBegun)).toHaveLength(2);
    const others = [queue.take('one', true), queue.take('two', true)];
    expect(others.map(hasBegun)).toStrictEqual([true, true]);
    // Once one has come up the kind is as any other.
    for (const turn of others) turn.succeed();
    spinning[3]?.succeed();
    expect(spinning.slice(4).filter(hasBegun)).toHaveLength(3);
  });

  it('lets others start beside one that waits for something else than a processor', () => {
    const queue = new StartQueue({ places: 2, backgroundPlaces: 1 });
    const [one, two, three] = ['a', 'b', 'c'].map((kind) => queue.take(kind, true)) as [
      StartTurn,
      StartTurn,
      StartTurn,
    ];
    one.works(false);
    expect(hasBegun(three)).toBe(true);
    // It works again, and nobody else begins until fewer do.
    one.works(true);
    const four = queue.take('d', true);
    two.end();
    expect(hasBegun(four)).toBe(false);
    three.end();
    expect(hasBegun(four)).toBe(true);
    // What has ended has no place to take again.
    three.works(true);
    one.end();
    expect(hasBegun(queue.take('e', true))).toBe(true);
  });

  it('tells those who wait why, when it closes, and gives no more turns', async () => {
    const queue = new StartQueue({ places: 2, backgroundPlaces: 1 });
    const turns = ['a', 'b', 'c'].map((kind) => queue.take(kind, true));
    queue.close();
    await expect(turns[2]?.given).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'shutting_down' } });
    await expect(queue.take('d', true).given).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

/** The most that were starting at the same time. */
function mostAtOnce(states: Bench['states']): number {
  const starting = new Set<string>();
  let most = 0;
  for (const { id, state } of states) {
    if (state.phase === 'starting') starting.add(id);
    else starting.delete(id);
    most = Math.max(most, starting.size);
  }
  return most;
}

describe.each(ISOLATED)('starts at level %s', (body) => {
  it('that spin do not keep others from starting, and have their time from their turn on', async () => {
    await using bench = await openBench({ body, startPlaces: 4 });
    const startTimeoutMs = 700;
    const ends: string[] = [];
    const spinning = Array.from({ length: 7 }, (_, index) =>
      bench
        .worker('import-loops', { id: `spins-${index}`, startTimeoutMs })
        .ensure('ready', {})
        .catch((error: unknown) => (ends.push('spinning'), error)),
    );
    const good = bench.worker('counting');
    await good.ensure('ready', { withinMs: 20_000 });
    ends.push('good');
    for (const outcome of await Promise.all(spinning))
      expect(outcome).toMatchObject({ code: 'TIMEOUT', details: { reason: 'start_timeout', step: 'load' } });
    expect(ends.indexOf('good')).toBeLessThan(7);
    // One that gets no processor for a while counts as resting, and on a busy machine lets another one start beside it.
    expect(mostAtOnce(bench.states)).toBeLessThanOrEqual(6);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('that wait for something let others start beside them', async () => {
    await using bench = await openBench({ body, startPlaces: 2 });
    const hanging = Array.from({ length: 6 }, (_, index) => bench.worker('import-hangs', { id: `hangs-${index}` }));
    const ends = hanging.map((worker) => worker.ensure('ready', {}).catch((error: unknown) => error));
    await until('all have begun', () => mostAtOnce(bench.states) === 6, 15_000);
    await Promise.all(hanging.map((worker) => worker.close({ graceMs: 0 })));
    for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('that wait for their turn say so to a caller whose deadline passes, and go on', async () => {
    await using bench = await openBench({ body, startPlaces: 2 });
    // One place is left, but not for this kind.
    const before = bench.worker('import-loops', { id: 'before', startTimeoutMs: 3_000 });
    const failed = before.ensure('ready', {}).catch(() => undefined);
    const worker = bench.worker('import-loops', { id: 'after', startTimeoutMs: 500 });
    await expect(worker.ensure('ready', { deadline: Date.now() + 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
      blame: 'operator',
      retryable: true,
      message: expect.stringContaining('waited for its turn to start'),
      details: { reason: 'start_queued' },
    });
    expect(worker.state().phase).toBe('queued');
    expect(bench.runtime.waitingStarts).toBe(1);
    await failed;
    await until('it has started', () => worker.state().phase !== 'queued');
    expect(bench.runtime.waitingStarts).toBe(0);
  });

  it('that wait for their turn are given up with their connector', async () => {
    await using bench = await openBench({ body, startPlaces: 2 });
    const before = bench.worker('import-loops', { id: 'before', startTimeoutMs: 20_000 });
    const failed = before.ensure('ready', {}).catch(() => undefined);
    const worker = bench.worker('import-loops', { id: 'after' });
    const waiting = worker.ensure('ready', {});
    waiting.catch(() => undefined);
    await delay(50);
    await worker.close();
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE', effect: 'none', details: { reason: 'closed' } });
    expect(bench.runtime.waitingStarts).toBe(0);
    await before.close({ graceMs: 0 });
    await failed;
  });
});
