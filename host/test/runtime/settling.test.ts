import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '@automate/contract';
import { ISOLATED, BODIES, delay, errorOf, execute, openBench, run, until } from './support.ts';

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'counting-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const newFile = (): string => join(folder, `ran-${(files += 1)}`);
const ranIn = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
const payload = (file: string, call: string, ms = 0): string => JSON.stringify({ file, call, ms });
/** The payload of a call named "first" that blocks its thread until the file's gate is there. */
const gated = (file: string): string => JSON.stringify({ file, call: 'first', gate: `${file}-gate` });

describe.each(ISOLATED)('every call, in the body %s', (body) => {
  it('settles exactly once, and runs at most once, whatever crashes, passes its deadline or is given up', async () => {
    await using bench = await openBench({ body, policy: { maxCrashes: 1000, maxDelayMs: 1 }, graceMs: 100 });
    const step = fc.record({
      action: fc.constantFrom('echo', 'echo', 'echo', 'wait', 'wait', 'crash', 'block'),
      ms: fc.integer({ min: 0, max: 30 }),
      deadlineMs: fc.constantFrom(20_000, 20_000, 20_000, 15, 1),
      leaveAfterMs: fc.constantFrom(undefined, undefined, undefined, 0, 5),
      pauseMs: fc.constantFrom(0, 0, 0, 3),
    });
    const worker = bench.worker('counting');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const file = newFile();
        await worker.ensure('ready', { deadline: Date.now() + 20_000 });
        const outcomes = steps.map(
          async ({ action, ms, deadlineMs, leaveAfterMs }, index): Promise<Outcome<string>> => {
            const signal = leaveAfterMs === undefined ? undefined : AbortSignal.timeout(leaveAfterMs);
            return execute(worker, action, {
              payload: payload(file, `c${index}`, ms),
              deadline: Date.now() + deadlineMs,
              ...(signal === undefined ? {} : { signal }),
            });
          },
        );
        for (const { pauseMs } of steps) if (pauseMs > 0) await delay(pauseMs);
        const settled = await Promise.all(outcomes);
        expect(settled).toHaveLength(steps.length);
        const ran = ranIn(file);
        for (const [index, outcome] of settled.entries()) {
          const times = ran.filter((call) => call === `c${index}`).length;
          expect(times).toBeLessThanOrEqual(1);
          if (outcome.ok) expect(outcome.value).toBe(`"c${index}"`);
          else expect(['WORKER_LOST', 'TIMEOUT', 'CANCELLED', 'UNAVAILABLE']).toContain(outcome.error.code);
          // What certainly had no effect did not run; what succeeded did.
          if (outcome.ok) expect(times).toBe(1);
          else if (outcome.error.effect === 'none') expect(times).toBe(0);
        }
      }),
      { numRuns: 12 },
    );
    expect(bench.neighbourFailures).toStrictEqual([]);
  });

  it('settles when a thousand are under way at a crash', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('counting');
    const file = newFile();
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const calls = Array.from({ length: 1000 }, (_, index) =>
      execute(worker, index === 500 ? 'crash' : 'wait', { payload: payload(file, `c${index}`, 5000) }),
    );
    const outcomes = await Promise.all(calls);
    // Those after it had not begun, and go to the next worker.
    expect(outcomes.map((outcome) => (outcome.ok ? 'OK' : outcome.error.code))).toStrictEqual(
      Array.from({ length: 1000 }, (_, index) => (index <= 500 ? 'WORKER_LOST' : 'OK')),
    );
    expect(worker.stats()).toMatchObject({ pending: 0, crashes: 1 });
    // Nothing that began is sent again by itself.
    expect(new Set(ranIn(file)).size).toBe(ranIn(file).length);
  });

  it('is answered when its worker is, by the time the host looks, gone and written to again', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('exiting');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const answered = execute(worker, 'timer_later');
    for (const end = performance.now() + 600; performance.now() < end;);
    const next = execute(worker, 'echo', { payload: '{"n":1}' });
    expect(await answered).toStrictEqual({ ok: true, value: '"gone soon"' });
    expect(await next).toStrictEqual({ ok: true, value: '{"n":1}' });
    expect(worker.stats()).toMatchObject({ starts: 2, crashes: 1 });
  });

  it('never begins once its deadline has passed while it waited', async () => {
    await using bench = await openBench({ body, ackMs: 20_000 });
    const worker = bench.worker('counting');
    const file = newFile();
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const blocking = execute(worker, 'block', { payload: gated(file) });
    const late = Array.from({ length: 10 }, (_, index) =>
      execute(worker, 'echo', { payload: payload(file, `late${index}`), deadline: Date.now() + 200 }),
    );
    for (const outcome of await Promise.all(late)) expect(errorOf(outcome)).toMatchObject({ code: 'TIMEOUT' });
    writeFileSync(`${file}-gate`, '');
    expect((await blocking).ok).toBe(true);
    expect((await run(worker, 'echo', { payload: payload(file, 'last') })).ok).toBe(true);
    expect(ranIn(file)).toStrictEqual(['first', 'last']);
    expect(worker.stats()).toMatchObject({ starts: 1, crashes: 0 });
  });

  it.each(['with', 'after'])(
    'never begins once its caller has left while it waited, sent %s what kept it waiting',
    async (when) => {
      await using bench = await openBench({ body });
      const worker = bench.worker('counting');
      const file = newFile();
      await worker.ensure('ready', { deadline: Date.now() + 20_000 });
      const leaving = new AbortController();
      // What is alone under way leaves at once, what joins another at the end of the turn.
      const other = when === 'with' ? [execute(worker, 'wait', { payload: payload(file, 'other', 1) })] : [];
      const blocking = execute(worker, 'block', { payload: gated(file) });
      const left = Array.from({ length: 10 }, (_, index) =>
        execute(worker, 'echo', { payload: payload(file, `left${index}`), signal: leaving.signal }),
      );
      await until('the first has begun', () => ranIn(file).includes('first'));
      // At the end of a turn they have left; what has waited for a while then is read along with what cancels it.
      await new Promise(setImmediate);
      await delay(50);
      leaving.abort();
      for (const outcome of await Promise.all(left)) expect(errorOf(outcome)).toMatchObject({ code: 'CANCELLED' });
      writeFileSync(`${file}-gate`, '');
      for (const outcome of await Promise.all([...other, blocking])) expect(outcome.ok).toBe(true);
      expect((await run(worker, 'echo', { payload: payload(file, 'last') })).ok).toBe(true);
      expect(ranIn(file)).toStrictEqual([...other.map(() => 'other'), 'first', 'last']);
      expect(worker.stats().pending).toBe(0);
    },
  );
});

describe.each(BODIES)('every call, in the body %s', (body) => {
  it('is refused where it came too late to be sent', async () => {
    await using bench = await openBench({ body });
    const worker = bench.worker('counting');
    const file = newFile();
    const gone = await run(worker, 'echo', { payload: payload(file, 'gone'), signal: AbortSignal.abort() });
    expect(errorOf(gone)).toMatchObject({ code: 'CANCELLED', effect: 'none' });
    const past = await run(worker, 'echo', { payload: payload(file, 'past'), deadline: Date.now() - 1 });
    expect(errorOf(past)).toMatchObject({ code: 'TIMEOUT' });
    expect(ranIn(file)).toStrictEqual([]);
  });
});
