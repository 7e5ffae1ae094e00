import { expect, it } from '@jest/globals';
import type { CallOptions, ConnectorDescription } from '@automate/contract';
import { DONE, LIMITS, pipelineTo, ORDER } from './pipeline-over.ts';

it.each<[whose: string, options: CallOptions, boundMs: number]>([
  ['limits.start_timeout', {}, LIMITS.startTimeoutMs],
  ['limits.start_timeout before a later deadline of the caller', { timeoutMs: 60_000 }, LIMITS.startTimeoutMs],
  ["the caller's deadline where it is earlier", { timeoutMs: 5_000 }, 5_000],
])('bounds the start of a worker by %s', async (_whose, options, boundMs) => {
  const deadlines: number[] = [];
  const { call } = pipelineTo(
    {
      state: () => ({ phase: 'idle' }),
      async ensure(_level, { deadline = Infinity, withinMs = Infinity }) {
        deadlines.push(Math.min(deadline, Date.now() + withinMs));
        return { kind: 'k', open: true, capabilities: {}, actions: [] } as unknown as ConnectorDescription;
      },
    },
    ORDER,
    DONE,
  );
  const before = Date.now();
  await call('act', options);
  expect(deadlines).toHaveLength(1);
  expect(deadlines[0]).toBeGreaterThanOrEqual(before + boundMs);
  expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + boundMs);
});
