import { describe, expect, it } from '@jest/globals';
import { ISOLATED, errorOf, execute, openBench, run, until, valueOf } from './support.ts';

describe.each(ISOLATED)('a connector that holds too much memory, in the body %s', (body) => {
  it('loses its worker, not the host, when the heap is full', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('hoarding', { memoryMb: 48 });
    const lost = errorOf(await run(worker, 'heap'));
    expect(lost.code).toBe('WORKER_LOST');
    // The engine and the watch race; either tells the truth.
    expect(['out_of_memory', 'memory_exceeded']).toContain(lost.details?.['reason']);
    expect(valueOf(await run(worker, 'count'))).toBe(0);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is ended by the engine alone where the watch is slow', async () => {
    await using bench = await openBench({ body, watchMs: 60_000 });
    const worker = bench.worker('hoarding', { memoryMb: 48 });
    expect(errorOf(await run(worker, 'heap'))).toMatchObject({
      code: 'WORKER_LOST',
      details: { reason: 'out_of_memory' },
    });
    expect(valueOf(await run(worker, 'count'))).toBe(0);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is ended by the watch when buffers outside the heap pass limits.memory_mb', async () => {
    await using bench = await openBench({ body, watchMs: 50 });
    const worker = bench.worker('hoarding', { memoryMb: 64 });
    const lost = errorOf(await run(worker, 'buffers'));
    expect(lost).toMatchObject({ code: 'WORKER_LOST', details: { reason: 'memory_exceeded' } });
    expect(lost.message).toMatch(/it held \d+ MB, its limits\.memory_mb is 64/);
    expect(valueOf(await run(worker, 'count'))).toBe(0);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('shows what it holds', async () => {
    await using bench = await openBench({ body, watchMs: 20 });
    const worker = bench.worker('echo', { id: 'weighed' });
    await run(worker, 'ping');
    await until('it has been weighed', () => worker.stats().memoryBytes > 1_000_000);
    expect(valueOf(await execute(worker, 'ping'))).toStrictEqual({ action: 'ping', payload: {} });
  });
});
