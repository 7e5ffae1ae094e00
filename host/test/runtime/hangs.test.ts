import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ISOLATED, BODIES, errorOf, execute, openBench, run, until, valueOf } from './support.ts';

// What blocks the host's own thread blocks the host.
describe.each(ISOLATED)('a call that does not end and blocks its thread, in the body %s', (body) => {
  it.each(['spin', 'backtrack'])(
    'is answered at its deadline, and its thread replaced when it is stuck: %s',
    async (action) => {
      await using bench = await openBench({ body });
      const worker = bench.worker('hanging');
      await worker.ensure('ready', { deadline: Date.now() + 20_000 });
      const sibling = execute(worker, 'ignore');
      const begun = Date.now();
      const error = errorOf(await execute(worker, action, { deadline: begun + 500 }));
      expect(error).toMatchObject({ code: 'TIMEOUT', effect: 'maybe', connector: 'hanging' });
      expect(Date.now() - begun).toBeGreaterThanOrEqual(495);
      expect(errorOf(await sibling)).toMatchObject({
        code: 'WORKER_LOST',
        details: { reason: 'killed_after_deadline' },
      });
      expect(valueOf(await run(worker, 'fine'))).toBe('fine');
      expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
      expect(bench.crashes).toMatchObject([
        { id: 'hanging', error: { code: 'WORKER_LOST', details: { reason: 'killed_after_deadline' } } },
      ]);
      expect(bench.neighbourFailures).toStrictEqual([]);
    },
  );

  it('is given up even where it blocks outside JavaScript, and its thread goes when it can', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hanging-'));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await using bench = await openBench({ body });
    const worker = bench.worker('hanging');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const payload = JSON.stringify({ pipe });
    expect(errorOf(await execute(worker, 'block', { payload, deadline: Date.now() + 300 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    expect(valueOf(await run(worker, 'fine'))).toBe('fine');
    // A process can be ended there as well.
    const left = body === 'thread' ? 1 : 0;
    await until('the thread is counted as given up', () => worker.stats().abandonedThreads === left);
    // Whoever reads a pipe waits for somebody to write.
    if (body === 'thread') writeFileSync(pipe, '');
    await until('the thread has ended', () => worker.stats().abandonedThreads === 0);
    rmSync(folder, { recursive: true });
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is found out between calls too', async () => {
    await using bench = await openBench({ body, watchMs: 50, stuckMs: 300 });
    const worker = bench.worker('hanging');
    expect(valueOf(await run(worker, 'spin_later'))).toBe('fine');
    await until('the spinning worker is killed', () => bench.crashes.length === 1);
    expect(bench.crashes).toMatchObject([{ error: { details: { reason: 'unresponsive' } } }]);
    expect(valueOf(await run(worker, 'fine'))).toBe('fine');
  });
});

describe.each(BODIES)('a call that does not end but lets others run, in the body %s', (body) => {
  it('is killed after its grace where it ignores the signal, and calls that came meanwhile go to the next worker', async () => {
    await using bench = await openBench({ body, graceMs: 300 });
    const worker = bench.worker('hanging');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const late = await execute(worker, 'ignore', { deadline: Date.now() + 300 });
    expect(errorOf(late)).toMatchObject({ code: 'TIMEOUT' });
    const meanwhile = await execute(worker, 'fine');
    expect(valueOf(meanwhile)).toBe('fine');
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('costs no worker where it honours the signal', async () => {
    await using bench = await openBench({ body, ackMs: 20_000, graceMs: 20_000 });
    const worker = bench.worker('hanging');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    expect(errorOf(await execute(worker, 'obey', { deadline: Date.now() + 200 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(valueOf(await execute(worker, 'fine'))).toBe('fine');
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0, pending: 0 });
  });

  it('is answered at once when its caller leaves, and then has until its deadline', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('hanging');
    const leaving = new AbortController();
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const call = execute(worker, 'obey', { signal: leaving.signal });
    // Answers of one worker come in the order of the calls: the other has begun.
    await execute(worker, 'fine');
    leaving.abort();
    expect(errorOf(await call)).toMatchObject({ code: 'CANCELLED', effect: 'maybe' });
    await until('the adapter has let go', () => worker.stats().pending === 0);
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
  });

  it('is killed at its deadline where the caller has left and it ignores that', async () => {
    await using bench = await openBench({ body, graceMs: 200 });
    const worker = bench.worker('hanging');
    const leaving = new AbortController();
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const call = execute(worker, 'ignore', { signal: leaving.signal, deadline: Date.now() + 2000 });
    await execute(worker, 'fine');
    leaving.abort();
    expect(errorOf(await call)).toMatchObject({ code: 'CANCELLED' });
    await until('the worker is killed', () => bench.crashes.length === 1);
  });
});
