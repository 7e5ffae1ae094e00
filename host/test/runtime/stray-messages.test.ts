import { describe, expect, it } from '@jest/globals';
import { errorOf, execute, openBench, run, until, valueOf } from './support.ts';

describe("messages on ports that are not the connector's own", () => {
  it.each(['junk', 'borrowed'])('reach nobody, forge nothing, and are counted: %s', async (action) => {
    await using bench = await openBench();
    const worker = bench.worker('stray');
    expect(valueOf(await run(worker, action))).toBe('done');
    expect(valueOf(await execute(worker, 'nothing'))).toBe('done');
    // They come on another port than the answer does, and may be later.
    await until('all of them have come', () => worker.stats().droppedMessages >= 8);
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0, droppedMessages: 8 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it.each([100, 100_000])('end the worker when there are %i of them', async (count) => {
    await using bench = await openBench();
    const worker = bench.worker('stray');
    const lost = errorOf(await run(worker, 'flood', { payload: JSON.stringify({ count }) }));
    expect(lost).toMatchObject({ code: 'WORKER_LOST', details: { reason: 'protocol_violation' } });
    expect(worker.stats().droppedMessages).toBe(100);
    expect(valueOf(await run(worker, 'nothing'))).toBe('done');
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('cannot close the way to the host', async () => {
    await using bench = await openBench();
    const worker = bench.worker('stray');
    expect(valueOf(await run(worker, 'close'))).toBe('done');
    expect(valueOf(await execute(worker, 'elsewhere'))).toBe('done');
    expect(valueOf(await execute(worker, 'nothing'))).toBe('done');
  });

  it('leave the connector its own channels, and show it no others', async () => {
    await using bench = await openBench();
    const worker = bench.worker('stray');
    expect(valueOf(await run(worker, 'own_channel'))).toBe('through my own channel');
    expect(valueOf(await execute(worker, 'handles'))).toBe(0);
    expect(errorOf(await execute(worker, 'binding')).message).toContain('process.binding is closed');
  });
});

describe('globals that a connector replaces', () => {
  it('do not reach the channel', async () => {
    await using bench = await openBench();
    const worker = bench.worker('patching');
    expect(valueOf(await run(worker, 'x', { payload: '{"real":true}' }))).toStrictEqual({ payload: { real: true } });
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
  });
});
