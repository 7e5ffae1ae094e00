import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '@automate/contract';
import { delay, errorOf, execute, ISOLATED, openBench, run, until } from './support.ts';

const entriesOf = (folder: string): number | undefined => {
  try {
    return readdirSync(folder).length;
  } catch {
    return undefined;
  }
};

describe.each(ISOLATED)('crash and restart, many times over, in the body %s', (body) => {
  it('leaves neither threads nor file descriptors behind', async () => {
    await using bench = await openBench({
      body,
      policy: { maxCrashes: 10_000, maxDelayMs: 1, maxFailedStarts: 10_000 },
    });
    const worker = bench.worker('exiting');
    const ways = ['exit_1', 'really_exit', 'reject', 'timer'];
    let calls = 0;
    const cycle = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        await until('it may start again', () => {
          const state = worker.state();
          return state.phase !== 'backing-off' || state.retryAt <= Date.now();
        });
        // Each another call: one that ends its worker again and again is refused.
        calls += 1;
        const outcome = await run(worker, ways[n % ways.length] as string, { payload: `{"n":${calls}}` });
        expect(outcome.ok).toBe(false);
      }
    };
    const census = () => ({
      threads: entriesOf('/proc/self/task') ?? 0,
      descriptors: entriesOf('/proc/self/fd') ?? 0,
    });
    await cycle(8);
    await worker.stop();
    // The last ones' streams are let go a second after their end, and the next worker is made ahead half a second after a start.
    await delay(3000);
    const before = census();
    // Of each way six times, so that what one of them leaves each time is more than what comes and goes.
    await cycle(24);
    await until('the last thread has gone', () => worker.state().phase !== 'running');
    await worker.stop();
    // A few of either come and go with what else this process does.
    await until('as many threads and descriptors are there as before', () => {
      const after = census();
      return after.threads <= before.threads + 2 && after.descriptors <= before.descriptors + 2;
    });
    expect(worker.stats()).toMatchObject({ starts: 32, crashes: 32 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is told to each of twenty that end at once, and all of them start again', async () => {
    await using bench = await openBench({ body, policy: { maxDelayMs: 1 } });
    const workers = Array.from({ length: 20 }, (_, n) => bench.worker('exiting', { id: `exiting-${n}` }));
    const echo = async (): Promise<readonly Outcome<string>[]> =>
      Promise.all(
        workers.map(async (worker) => {
          await worker.ensure('ready', { deadline: Date.now() + 60_000 });
          return execute(worker, 'echo', { payload: '{"n":1}', deadline: Date.now() + 60_000 });
        }),
      );
    expect((await echo()).every(({ ok }) => ok)).toBe(true);
    const lost = await Promise.all(
      workers.map((worker, n) => execute(worker, n % 2 === 0 ? 'exit_1' : 'reject', { deadline: Date.now() + 60_000 })),
    );
    expect(new Set(lost.map((outcome) => errorOf(outcome).code))).toStrictEqual(new Set(['WORKER_LOST']));
    expect((await echo()).every(({ ok }) => ok)).toBe(true);
    for (const worker of workers) expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
    expect(bench.crashes).toHaveLength(20);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });
});
