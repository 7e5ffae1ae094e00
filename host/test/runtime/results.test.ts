import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectorWorker } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { BODIES, errorOf, openBench, run, valueOf } from './support.ts';

describe.each(BODIES)('what an action answers, in the body %s', (body) => {
  let bench: Bench;
  let worker: ConnectorWorker;

  beforeAll(async () => {
    bench = await openBench({ body });
    worker = bench.worker('results', { memoryMb: 256 });
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  it.each([
    ['nine_megabytes', 'result_too_large'],
    ['half_a_gigabyte', 'result_too_large'],
    ['wide_characters', 'result_too_large'],
    ['changing_getter', 'result_too_large'],
    ['deep', 'result_too_deep'],
    ['circular', 'result_circular'],
    ['function', 'result_not_json'],
    ['symbol', 'result_not_json'],
    ['bigint', 'result_not_json'],
    ['not_a_number', 'result_not_json'],
    ['map', 'result_not_json'],
    ['forgotten_promise', 'result_not_json'],
    ['throwing_getter', 'result_not_json'],
    ['throwing_proxy', 'result_not_json'],
    ['throwing_to_json', 'result_not_json'],
  ])('is refused in the worker where it cannot be passed on: %s', async (action, reason) => {
    expect(errorOf(await run(worker, action))).toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { reason },
      connector: 'results',
    });
  });

  it('follows the rules of JSON', async () => {
    expect(valueOf(await run(worker, 'json_rules'))).toStrictEqual({
      date: '1970-01-01T00:00:00.000Z',
      list: [null],
      bytes: { type: 'Buffer', data: [97, 98] },
    });
    expect(valueOf(await run(worker, 'promise_of_nothing'))).toBeNull();
  });

  it('is bounded in bytes alone: a million values are no trouble', async () => {
    expect(valueOf(await run(worker, 'many_values'))).toHaveLength(1_000_000);
  });

  it('may hold one object in two places', async () => {
    expect(valueOf(await run(worker, 'shared'))).toStrictEqual([{ a: 1 }, { a: 1 }]);
  });

  it('does not hold the host up, however large it is', async () => {
    if (body === 'none') return;
    const stalls = monitorEventLoopDelay({ resolution: 10 });
    stalls.enable();
    for (const action of ['half_a_gigabyte', 'many_values', 'deep']) await run(worker, action);
    stalls.disable();
    // A tenth of a second is usual on a machine that does other work besides.
    expect(stalls.max / 1e6).toBeLessThan(1500);
  });

  it('restarts nothing and bothers nobody', () => {
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });
});
