import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorEnvelope } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { delay, errorOf, execute, openBench, run, until, valueOf } from './support.ts';

/** Restarts at once, as often as need be: what is left of a refusal is that of the call. */
const policy = { maxCrashes: 1000, initialDelayMs: 0 };
const REFUSED = {
  code: 'UNAVAILABLE',
  retryable: false,
  effect: 'none',
  blame: 'plugin',
  details: { reason: 'poisonous_call', crashes: 2 },
};

describe.each(['thread', 'process'] as const)('a call that ends its worker, in a %s,', (body) => {
  it.each(['exit', 'exit_later', 'throw_later', 'spin'])(
    'is refused alone once it has done so twice: %s',
    async (action) => {
      await using bench = await openBench({ body, policy, graceMs: 100 });
      const worker = bench.worker('poisonous');
      const poison = { payload: '{"n":1}' };
      const attempt = async (): Promise<ErrorEnvelope> => {
        await worker.ensure('ready', { deadline: Date.now() + 20_000 });
        const bound = action === 'spin' ? { deadline: Date.now() + 500 } : {};
        return errorOf(await execute(worker, action, { ...poison, ...bound }));
      };
      for (let time = 0; time < 2; time += 1) {
        const { code } = await attempt();
        expect(['WORKER_LOST', 'TIMEOUT']).toContain(code);
        await until('the worker has ended', () => worker.stats().crashes === time + 1);
      }
      expect(valueOf(await run(worker, 'fine'))).toBe('fine');
      const refused = await attempt();
      expect(refused).toMatchObject(REFUSED);
      expect(refused.message).toMatch(new RegExp(`action "${action}" of connector "poisonous".*2 times`));
      expect(worker.stats()).toMatchObject({ crashes: 2, poisonousCalls: 1 });
      // Its other payloads, and other actions with its payload, are other calls.
      expect(valueOf(await execute(worker, 'fine', poison))).toBe('fine');
      expect(errorOf(await run(worker, 'exit', { payload: '{"n":2}' })).code).toBe('WORKER_LOST');
      expect(bench.logs).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          source: 'host',
          fields: expect.objectContaining({ event: 'poisonous_call', action, payload_sha256: expect.any(String) }),
        }),
      );
      // Whoever says that it was repaired is believed.
      worker.reset();
      expect((await attempt()).code).toMatch(/WORKER_LOST|TIMEOUT/);
    },
  );

  it('is let through where it only had too little time, once it has more', async () => {
    await using bench = await openBench({ body, policy, graceMs: 100 });
    const worker = bench.worker('poisonous');
    const within = async (ms: number) => {
      await worker.ensure('ready', { deadline: Date.now() + 20_000 });
      return execute(worker, 'block', { payload: '{"ms":2000}', deadline: Date.now() + ms });
    };
    for (let time = 0; time < 2; time += 1) {
      expect(errorOf(await within(300))).toMatchObject({ code: 'TIMEOUT' });
      await until('the worker has ended', () => worker.stats().crashes === time + 1);
    }
    expect(errorOf(await within(300))).toMatchObject(REFUSED);
    expect(valueOf(await within(60_000))).toBe('blocked');
  });

  it.each(['throw_after', 'reject_after'])('is found also where it was answered before: %s', async (action) => {
    await using bench = await openBench({ body, policy });
    const worker = bench.worker('poisonous');
    for (let time = 0; time < 2; time += 1) {
      expect(valueOf(await run(worker, action))).toBe('answered');
      await until('the worker has ended', () => worker.stats().crashes === time + 1);
    }
    expect(errorOf(await run(worker, action))).toMatchObject(REFUSED);
  });

  it('is told from those that were under way beside it', async () => {
    await using bench = await openBench({ body, policy });
    const worker = bench.worker('poisonous');
    const beside: ErrorEnvelope[] = [];
    for (let time = 0; time < 2; time += 1) {
      await worker.ensure('ready', { deadline: Date.now() + 20_000 });
      const waiting = ['a', 'b', 'c'].map(() => execute(worker, 'wait', { payload: '{"ms":60000}' }));
      const lost = errorOf(await execute(worker, 'throw_later'));
      expect(lost).toMatchObject({ code: 'WORKER_LOST', details: { culprit: true } });
      beside.push(...(await Promise.all(waiting)).map(errorOf));
    }
    expect(beside.map(({ code, details }) => [code, details?.['culprit']])).toEqual(
      Array.from({ length: 6 }, () => ['WORKER_LOST', false]),
    );
    expect(errorOf(await run(worker, 'throw_later'))).toMatchObject(REFUSED);
    const again = execute(worker, 'wait', { payload: '{"ms":60000}', deadline: Date.now() + 200 });
    expect(errorOf(await again).code).toBe('TIMEOUT');
  });

  it('takes none along that had not begun: each of them is done, once, by the next worker', async () => {
    await using bench = await openBench({ body, policy });
    const worker = bench.worker('poisonous');
    const folder = mkdtempSync(join(tmpdir(), 'poison-'));
    const file = join(folder, 'done');
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const names = Array.from({ length: 40 }, (_, index) => String(index));
    const lost = execute(worker, 'exit');
    const others = names.map((name) => execute(worker, 'write', { payload: JSON.stringify({ file, name }) }));
    expect(errorOf(await lost)).toMatchObject({ code: 'WORKER_LOST', details: { culprit: true } });
    expect((await Promise.all(others)).map(valueOf)).toEqual(names);
    expect(readFileSync(file, 'utf8').trim().split('\n').toSorted()).toEqual(names.toSorted());
    rmSync(folder, { recursive: true });
  });

  it('refuses none that comes while its worker ends', async () => {
    await using bench = await openBench({ body, policy });
    const worker = bench.worker('poisonous');
    let dying = true;
    const codes = new Set<string>();
    const caller = (async () => {
      for (; dying; await new Promise(setImmediate)) {
        const state = worker.state();
        if (state.phase !== 'running' || state.level !== 'ready') continue;
        const outcome = await execute(worker, 'fine');
        codes.add(outcome.ok ? 'OK' : `${outcome.error.code} ${String(outcome.error.details?.['reason'])}`);
      }
    })();
    for (let n = 0; n < 10; n += 1) {
      await run(worker, 'exit_later', { payload: JSON.stringify({ n }) });
      await delay(10);
    }
    dying = false;
    await caller;
    expect([...codes].filter((code) => !/^OK$|process_exit/.test(code))).toEqual([]);
  });
});

it('of several calls under way as the engine ends their worker none is refused that works since', async () => {
  await using bench = await openBench({ body: 'process', policy });
  const worker = bench.worker('poisonous');
  for (let time = 0; time < 3; time += 1) {
    await worker.ensure('ready', { deadline: Date.now() + 20_000 });
    const beside = execute(worker, 'wait', { payload: '{"ms":60000}' });
    await delay(20);
    expect(errorOf(await execute(worker, 'fill', { payload: '{"n":1}' })).code).toBe('WORKER_LOST');
    expect(errorOf(await beside)).not.toHaveProperty('details.culprit');
    expect(valueOf(await run(worker, 'wait', { payload: '{"ms":1}' }))).toBe('waited');
  }
  expect(worker.stats().poisonousCalls).toBe(0);
  expect(errorOf(await run(worker, 'fill', { payload: '{"n":1}' })).code).toBe('WORKER_LOST');
  expect(errorOf(await run(worker, 'fill', { payload: '{"n":1}' }))).toMatchObject({
    details: { reason: 'poisonous_call' },
  });
});
