import { expect, it } from '@jest/globals';
import type { CallOptions, LimitsConfig, Outcome } from '@automate/contract';
import { Bulkhead } from '../../src/execution/gates/bulkhead.ts';
import { createPipeline, gatesInOrder } from '../../src/execution/pipeline.ts';
import type { ConnectorWorker } from '../../src/runtime/runtime.ts';

const LIMITS: LimitsConfig = { concurrency: 4, queue: 4, timeoutMs: 1_000, startTimeoutMs: 30_000, memoryMb: 64 };
const DONE: Outcome<string> = { ok: true, value: '"done"' };

it.each<[whose: string, options: CallOptions, boundMs: number]>([
  ['limits.start_timeout', {}, LIMITS.startTimeoutMs],
  ['limits.start_timeout before a later deadline of the caller', { timeoutMs: 60_000 }, LIMITS.startTimeoutMs],
  ["the caller's deadline where it is earlier", { timeoutMs: 5_000 }, 5_000],
])('bounds the start of a worker by %s', async (_whose, options, boundMs) => {
  const deadlines: number[] = [];
  const worker = {
    state: () => ({ phase: 'stopped' }),
    ensure: async (_level: string, { deadline, withinMs }: { deadline: number; withinMs: number }) => {
      deadlines.push(Math.min(deadline, Date.now() + withinMs));
      return { kind: 'k', open: true, capabilities: {}, actions: [] };
    },
    call: async () => DONE,
  } as unknown as ConnectorWorker;
  const retry = { attempts: 1, backoffMs: 1, maxBackoffMs: 1 };
  const target = { id: 'c', worker, bulkhead: new Bulkhead(LIMITS), limits: LIMITS, retry, notice: () => undefined };
  const recorder = { start: () => ({ end: () => undefined }) };
  const execute = createPipeline({ find: () => target, recorder, gates: gatesInOrder() });
  const before = Date.now();
  await execute({ id: 'c', action: 'act', payload: '{}' }, options ?? {});
  expect(deadlines).toHaveLength(1);
  expect(deadlines[0]).toBeGreaterThanOrEqual(before + boundMs);
  expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + boundMs);
});
