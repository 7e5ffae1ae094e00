import { afterEach, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { NO_CALLS } from '../../src/telemetry/call-metrics.ts';
import type { SampledConnector, WorkerUse } from '../../src/telemetry/sampler.ts';
import { Sampler } from '../../src/telemetry/sampler.ts';

const used = (startedAt: number, cpuMs: number): WorkerUse => ({
  startedAt,
  cpuMs,
  memoryBytes: 1,
  activeMs: 1,
  idleMs: 1,
  lagMs: 1,
});

let open: Sampler<SampledConnector> | undefined;
afterEach(() => open?.close());

/** A sampler of what `connectors` gives at each look. */
function sampler(connectors: () => readonly SampledConnector[], everyMs = 5): Sampler<SampledConnector> {
  open = new Sampler({ everyMs, connectors, calls: () => NO_CALLS }, () => undefined);
  return open;
}

it('processor time is that of all lives of a worker together, and never less than before', async () => {
  const answers = [used(1, 100), used(1, 150), used(2, 30), undefined, used(2, 40)];
  const seen: number[] = [];
  const it_ = sampler(() => [{ id: 'c', use: async () => answers.shift() }]);
  await eventually(() => {
    seen.push(it_.cpuOf('c'));
    return answers.length === 0 && it_.cpuOf('c') === 190;
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

it('keeps twice as many looks as rates are told of, and none of a connector that is gone', async () => {
  let connectors: readonly SampledConnector[] = [{ id: 'c', use: async () => used(1, 1) }];
  let looks = 0;
  const it_ = sampler(() => {
    looks += 1;
    return connectors;
  });
  await eventually(() => looks > 60);
  expect([it_.samplesOf('c').length, it_.windowOf('c').length]).toEqual([25, 13]);
  expect(it_.windowMs).toBe(60);
  connectors = [];
  await eventually(() => it_.samplesOf('c').length === 0);
  expect(it_.cpuOf('c')).toBe(0);
});

it('asks a worker that does not answer no second time for a while, and takes a late answer for no later look', async () => {
  const asked: { readonly at: number; readonly answer: (use: WorkerUse) => void }[] = [];
  const use = (): Promise<WorkerUse> => new Promise((answer) => asked.push({ at: Date.now(), answer }));
  const it_ = sampler(() => [{ id: 'c', use }], 20);
  await eventually(() => asked.length >= 2);
  const [first, second] = asked;
  // Three looks, but for what a clock in milliseconds may be off.
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(50);
  for (const { answer } of asked.slice(0, -1)) answer(used(1, 1_000));
  asked.at(-1)?.answer(used(2, 7));
  await eventually(() => it_.cpuOf('c') > 0);
  expect(it_.cpuOf('c')).toBe(7);
});
