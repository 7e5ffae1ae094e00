import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectorWorker } from '../../dist/runtime/runtime.js';
import type { Bench } from './support.ts';
import { ISOLATED, BODIES, configOf, errorOf, execute, openBench, run, valueOf } from './support.ts';

/** In milliseconds. */
const QUARANTINE = 30_000;

let folder: string;
let file: string;
/** What the policy takes for the time: it passes when a test says so. */
let clock: number;
const policy = { now: () => clock };

beforeEach(() => {
  clock = Date.now();
  folder = mkdtempSync(join(tmpdir(), 'unsteady-'));
  file = join(folder, 'crash');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const unsteady = (bench: Bench): ConnectorWorker =>
  bench.worker('unsteady', { resolveConfig: () => ({ config: configOf('unsteady'), settings: { file } }) });

/** Calls until the worker is quarantined; answers how many calls reached it. */
async function crashUntilQuarantined(worker: ConnectorWorker): Promise<number> {
  let lost = 0;
  while (worker.state().phase !== 'quarantined') {
    try {
      // Each another call: one that ends its worker again and again is refused.
      if (errorOf(await run(worker, 'x', { payload: `{"n":${lost}}` })).code === 'WORKER_LOST') lost += 1;
    } catch {
      clock += 1000;
    }
  }
  return lost;
}

describe.each(ISOLATED)('a worker that dies again and again, in the body %s', (body) => {
  it('is quarantined after five crashes, answers at once meanwhile, and recovers by itself after repair', async () => {
    await using bench = await openBench({ body, policy });
    const worker = unsteady(bench);
    writeFileSync(file, '');
    expect(await crashUntilQuarantined(worker)).toBe(5);
    expect(worker.stats()).toMatchObject({ starts: 5, crashes: 5 });

    const begun = Date.now();
    const refusals = await Promise.allSettled(
      Array.from({ length: 50 }, () => worker.ensure('ready', { deadline: begun + 20_000 })),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'UNAVAILABLE',
          effect: 'none',
          retryable: true,
          connector: 'unsteady',
          retryAfterMs: expect.any(Number),
          details: { reason: 'quarantined', last: 'WORKER_LOST' },
          message: expect.stringContaining('process.exit(1)'),
        },
      });
    }
    expect(errorOf(await execute(worker, 'x'))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(worker.stats().starts).toBe(5);

    rmSync(file);
    clock += QUARANTINE;
    expect(valueOf(await run(worker, 'x'))).toBe('steady');
    expect(worker.stats().starts).toBe(6);
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('is quarantined for twice as long when the trial fails', async () => {
    await using bench = await openBench({ body, policy });
    const worker = unsteady(bench);
    writeFileSync(file, '');
    await crashUntilQuarantined(worker);
    clock += QUARANTINE;
    expect(errorOf(await run(worker, 'x'))).toMatchObject({ code: 'WORKER_LOST' });
    expect(worker.state()).toMatchObject({ phase: 'quarantined', retryAt: clock + 2 * QUARANTINE });
  });

  it('may be let out at once by hand', async () => {
    await using bench = await openBench({ body, policy });
    const worker = unsteady(bench);
    writeFileSync(file, '');
    await crashUntilQuarantined(worker);
    rmSync(file);
    worker.reset();
    expect(worker.state()).toStrictEqual({ phase: 'idle' });
    expect(valueOf(await run(worker, 'x'))).toBe('steady');
  });
});

describe.each(BODIES)('a worker that dies again and again, in the body %s', (body) => {
  it('is quarantined after three starts that failed', async () => {
    await using bench = await openBench({ body, policy });
    const worker = unsteady(bench);
    writeFileSync(`${file}.start`, '');
    const codes: string[] = [];
    while (worker.state().phase !== 'quarantined') {
      await worker
        .ensure('ready', { deadline: Date.now() + 20_000 })
        .catch((error: { readonly code: string }) => codes.push(error.code));
      clock += 1000;
    }
    expect(codes.filter((code) => code === 'INTERNAL_ERROR')).toHaveLength(3);
    expect(worker.stats()).toMatchObject({ starts: 3, crashes: 0 });
    expect(worker.state()).toMatchObject({ error: { code: 'INTERNAL_ERROR', message: 'not today' } });
  });
});
