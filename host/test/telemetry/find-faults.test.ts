import { describe, expect, it } from '@jest/globals';
import { DURATION_BOUNDS, NO_CALLS } from '../../src/telemetry/call-metrics.ts';
import { findFaults } from '../../src/telemetry/find-faults.ts';
import type { Finding, Looks } from '../../src/telemetry/find-faults.ts';
import type { ConnectorObservation } from '../../src/telemetry/host-metrics.ts';
import type { Sample } from '../../src/telemetry/sampler.ts';

const MB = 2 ** 20;
const LOOK_MS = 5_000;

const observed = (more: Partial<ConnectorObservation> = {}): ConnectorObservation => ({
  id: 'c',
  kind: 'k',
  isolation: 'thread',
  status: 'healthy',
  paused: false,
  message: '',
  consecutiveFailures: 0,
  queued: 0,
  inFlight: 0,
  memoryBytes: 64 * MB,
  memoryLimitBytes: 128 * MB,
  utilization: 0,
  crashes: 0,
  starts: 1,
  startQueued: false,
  abandonedThreads: 0,
  poisonousCalls: 0,
  droppedLogLines: 0,
  droppedMessages: 0,
  ...more,
});

/** A minute of looks at one life of a worker. */
function lookedAt(
  { mbAt = () => 20, busy = 0, cpu = busy }: { mbAt?: (look: number) => number; busy?: number; cpu?: number },
  startedAt = 1_000_000,
): readonly Sample[] {
  return Array.from({ length: 13 }, (_none, look) => ({
    at: startedAt + 20_000 + look * LOOK_MS,
    calls: NO_CALLS,
    worker: {
      startedAt,
      memoryBytes: mbAt(look) * MB,
      cpuMs: look * LOOK_MS * cpu,
      activeMs: look * LOOK_MS * busy,
      idleMs: look * LOOK_MS * (1 - busy),
      lagMs: 1,
    },
  }));
}

/** Calls by the seconds that they took. */
function calls(...seconds: readonly number[]): Looks['calls'] {
  const buckets = Array.from<number>({ length: DURATION_BOUNDS.length + 1 }).fill(0);
  for (const each of seconds) {
    const index = DURATION_BOUNDS.findIndex((bound) => each <= bound);
    const at = index === -1 ? DURATION_BOUNDS.length : index;
    buckets[at] = (buckets[at] ?? 0) + 1;
  }
  return { count: seconds.length, errors: [], buckets };
}

function find(
  fault: Finding['fault'],
  { connector = observed(), window = lookedAt({}), ...looks }: Partial<Looks> & { connector?: ConnectorObservation },
): Finding | undefined {
  const all = { window, all: window, calls: calls(), warmUpMs: 10_000, ...looks };
  return findFaults(connector, all).find((each) => each.fault === fault);
}

describe('a call is slow', () => {
  it('that took longer than 2.5 s, and one that took as long is not', () => {
    expect(find('slow_calls', { calls: calls(2.5, 2.5, 0.1) })).toBeUndefined();
    expect(find('slow_calls', { calls: calls(2.6, 31, 0.1) })).toMatchObject({ amount: 2 });
  });

  it.each([
    [0, 'remote', 'mostly waited'],
    [0.09, 'remote', 'mostly waited'],
    [0.11, 'plugin', 'computed'],
  ])('for which, where its worker was busy for %d of the time, the %s is to blame', (busy, blame, words) => {
    expect(find('slow_calls', { calls: calls(5), window: lookedAt({ busy }) })).toMatchObject({
      blame,
      message: expect.stringContaining(words),
    });
  });
});

describe('a worker is busy', () => {
  it('from a tenth of a processor on', () => {
    expect(find('cpu', { window: lookedAt({ busy: 0.09 }) })).toBeUndefined();
    expect(find('cpu', { window: lookedAt({ busy: 0.11 }) })).toMatchObject({
      blame: 'plugin',
      amount: 0.11,
      message: expect.stringContaining('while nobody called it'),
    });
  });

  it('also where it never rests, on a machine that gives it little of a processor', () => {
    expect(find('cpu', { window: lookedAt({ busy: 0.9, cpu: 0.02 }) })).toMatchObject({
      amount: 0.9,
      message: expect.stringMatching(/busy for 90 % .* and used 2 % of a processor/),
    });
  });

  it('and to blame unless its calls are worth it', () => {
    // Half a minute of work, for 10 ms or for 60 ms a call.
    const many = { ...calls(), count: 3_000 };
    expect(find('cpu', { window: lookedAt({ busy: 0.5 }), calls: many })).toBeUndefined();
    expect(find('cpu', { window: lookedAt({ busy: 0.5 }), calls: { ...calls(), count: 500 } })).toMatchObject({
      message: expect.stringMatching(/for 500 calls, 60 ms each$/),
    });
    expect(find('cpu', { window: lookedAt({ busy: 0.5 }), connector: observed({ inFlight: 1 }) })?.message).toMatch(
      /while 1 call did not end$/,
    );
  });
});

describe('memory grows', () => {
  it.each([
    ['by a megabyte in five seconds', (look: number) => 20 + look, true],
    ['by half a megabyte in five seconds, which garbage does as well', (look: number) => 20 + look / 2, false],
    ['and falls, as garbage is collected', (look: number) => 20 + 10 * (look % 4), false],
    ['once, and stays', (look: number) => (look < 3 ? 10 : 80), false],
  ])('where it rises %s', (_how, mbAt, told) => {
    const found = find('memory_growth', { window: lookedAt({ mbAt }) });
    expect(found?.blame).toBe(told ? 'plugin' : undefined);
  });

  it('as its worker did before it was ended for that', () => {
    const [former, now] = [lookedAt({ mbAt: (look) => 20 + 5 * look }), lookedAt({}, 2_000_000).slice(0, 2)];
    const found = find('memory_growth', { window: now, all: [...former, ...now] });
    expect(found).toMatchObject({ amount: 60 * MB, message: expect.stringContaining('is ended in about 64 s') });
  });
});

it('what is held back is told, and who must act on it', () => {
  expect(find('held_back', {})).toBeUndefined();
  const connector = observed({ heldBack: 'nobody there' });
  expect(find('held_back', { connector })).toMatchObject({
    blame: 'operator',
    message: expect.stringContaining('nobody there'),
  });
});
