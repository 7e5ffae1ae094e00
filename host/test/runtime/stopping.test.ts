import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import type { ConnectorWorker, WorkerSpec } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { BODIES, configOf, errorOf, execute, openBench, run, specOf, until, valueOf } from './support.ts';

const soon = () => ({ deadline: Date.now() + 20_000 });

function stepwise(bench: Bench, settings: JsonObject = {}, spec: Partial<WorkerSpec> = {}): ConnectorWorker {
  return bench.worker('stepwise', {
    resolveConfig: () => ({ config: configOf('stepwise', settings), settings }),
    ...spec,
  });
}

const messagesOf = (bench: Bench): string[] =>
  bench.logs.filter(({ connector }) => connector === 'stepwise').map(({ message }) => message);

describe.each(BODIES)('stopping a worker, in the body %s', (body) => {
  it('closes the adapter first, is no crash, and lets it be started again', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench);
    await worker.ensure('ready', soon());
    await Promise.all([worker.stop(), worker.stop()]);
    expect(messagesOf(bench)).toStrictEqual(['closing', 'closed']);
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    expect(errorOf(await execute(worker, 'steps'))).toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
    expect(valueOf(await run(worker, 'steps'))).toMatchObject({
      steps: ['initialize stepwise without profile ', 'connect'],
    });
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 0 });
    expect(bench.crashes).toStrictEqual([]);
    await worker.stop();
    await worker.stop();
  });

  it('is bounded where the adapter does not close', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, { closing: 'hang' });
    await worker.ensure('ready', soon());
    await worker.stop({ graceMs: 200 });
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    expect(bench.crashes).toStrictEqual([]);
  });

  it('lets calls under way end within its grace, and takes no new ones', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench);
    await worker.ensure('ready', soon());
    const underWay = execute(worker, 'wait', { payload: '{"ms":300}' });
    const stopped = worker.stop({ graceMs: 10_000 });
    expect(errorOf(await execute(worker, 'steps'))).toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
    expect((await underWay).ok).toBe(true);
    await stopped;
    expect(messagesOf(bench)).toStrictEqual(['closing', 'closed']);
  });

  it('answers calls that outlast its grace', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench);
    await worker.ensure('ready', soon());
    const underWay = execute(worker, 'wait', { payload: '{"ms":60000}' });
    await worker.stop({ graceMs: 200 });
    expect(errorOf(await underWay)).toMatchObject({
      code: 'UNAVAILABLE',
      effect: 'maybe',
      blame: 'operator',
      details: { reason: 'stopping' },
    });
  });

  it('is waited for by the next start', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench);
    await worker.ensure('ready', soon());
    const stopped = worker.stop();
    await worker.ensure('ready', soon());
    await stopped;
    expect(worker.state()).toMatchObject({ phase: 'running', level: 'ready' });
    expect(worker.stats().starts).toBe(2);
  });

  it('comes by itself after a while without calls', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench, {}, { idleStopMs: 300 });
    expect((await run(worker, 'wait', { payload: '{"ms":700}' })).ok).toBe(true);
    expect(worker.stats().starts).toBe(1);
    await until('the idle worker has stopped', () => worker.state().phase === 'idle');
    expect((await run(worker, 'steps')).ok).toBe(true);
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 0 });
  });
});

describe.each(BODIES)('a call that meets an idle stop, in the body %s', (body) => {
  it('goes to the next worker', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stopping-'));
    using cleanups = new DisposableStack();
    // After the bench: whoever closes without isolation looks for the gate until it is there.
    cleanups.defer(() => rmSync(folder, { recursive: true }));
    const gate = join(folder, 'gate');
    await using bench = await openBench({ body, closeGraceMs: 20_000 });
    const worker = stepwise(bench, { gate }, { idleStopMs: 200 });
    await worker.ensure('ready', soon());
    await until('the worker is being stopped', () => worker.state().phase === 'stopping');
    const call = execute(worker, 'steps');
    writeFileSync(gate, '');
    expect((await call).ok).toBe(true);
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 0 });
  });
});

describe.each(BODIES)('closing, in the body %s', (body) => {
  it('is for good', async () => {
    await using bench = await openBench({ body });
    const worker = stepwise(bench);
    await worker.ensure('ready', soon());
    await Promise.all([worker.close(), worker.close()]);
    expect(worker.state()).toStrictEqual({ phase: 'closed' });
    await expect(worker.ensure('described', soon())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'closed' },
    });
    expect(errorOf(await execute(worker, 'steps'))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(bench.states.at(-1)).toStrictEqual({ id: 'stepwise', state: { phase: 'closed' } });
  });

  it('of the runtime closes all workers side by side, each bounded', async () => {
    await using bench = await openBench({ body });
    const workers = Array.from({ length: 4 }, (_, n) => stepwise(bench, { closing: 'hang' }, { id: `stepwise-${n}` }));
    await Promise.all(workers.map((worker) => worker.ensure('ready', soon())));
    await bench.runtime.close({ graceMs: 500 });
    expect(workers.map((worker) => worker.state().phase)).toStrictEqual(['closed', 'closed', 'closed', 'closed']);
    bench.neighbourFailures.length = 0;
  });
});

describe('a runtime that was closed', () => {
  it('starts nothing more, which nobody would end', async () => {
    await using bench = await openBench();
    const ending = { code: 'UNAVAILABLE', retryable: true, effect: 'none', details: { reason: 'shutting_down' } };
    const closing = bench.runtime.close();
    const { id, ...spec } = specOf('stepwise');
    for (const phase of ['closes', 'is closed']) {
      expect(() => bench.worker('stepwise')).toThrow(expect.objectContaining({ ...ending, connector: id }));
      const inspected = await bench.runtime.inspect(spec).then(
        () => 'described',
        (error: unknown) => error,
      );
      expect({ phase, inspected }).toEqual({ phase, inspected: expect.objectContaining(ending) });
      await closing;
    }
    expect(bench.runtime.runs(id)).toBe(false);
    bench.neighbourFailures.length = 0;
  });
});

// What spins in the host's own thread holds the host.
describe('stopping a thread', () => {
  it('is bounded where closing spins', async () => {
    await using bench = await openBench();
    const worker = stepwise(bench, { closing: 'spin' });
    await worker.ensure('ready', soon());
    await worker.stop({ graceMs: 200 });
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    expect(bench.crashes).toStrictEqual([]);
  });

  it('ends a start that is under way', async () => {
    await using bench = await openBench();
    const worker = bench.worker('import-hangs');
    const start = worker.ensure('ready', soon());
    await until('it starts', () => worker.state().phase === 'starting');
    await worker.stop();
    await expect(start).rejects.toMatchObject({ effect: 'none', details: { reason: 'stopping' } });
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
  });
});
