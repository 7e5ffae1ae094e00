import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HealthMonitor } from '../../src/connectors/health-monitor.ts';

describe('the health monitor', () => {
  let monitor: HealthMonitor;
  beforeEach(() => {
    jest.useFakeTimers();
    monitor = new HealthMonitor({ onFault: () => undefined, random: () => 0.5 });
  });
  afterEach(() => {
    monitor.close();
    jest.useRealTimers();
  });

  it('checks nothing before it is started, then each connector at its own interval', async () => {
    const counts = { fast: 0, slow: 0 };
    monitor.watch({ id: 'fast', intervalMs: 10, check: async () => (counts.fast += 1) });
    monitor.watch({ id: 'slow', intervalMs: 100, check: async () => (counts.slow += 1) });
    await jest.advanceTimersByTimeAsync(1000);
    expect(counts).toEqual({ fast: 0, slow: 0 });
    monitor.start();
    await jest.advanceTimersByTimeAsync(1000);
    expect(counts).toEqual({ fast: 100, slow: 10 });
  });

  it('never overlaps a check with itself, and does not let a hung one delay the others', async () => {
    let hung = 0;
    let others = 0;
    monitor.watch({ id: 'hung', intervalMs: 5, check: () => new Promise(() => (hung += 1)) });
    monitor.watch({ id: 'well', intervalMs: 5, check: async () => (others += 1) });
    monitor.start();
    await jest.advanceTimersByTimeAsync(500);
    expect({ hung, others }).toEqual({ hung: 1, others: 100 });
  });

  it('goes on after a check that failed itself, and tells of it', async () => {
    const faults: string[] = [];
    const told = new HealthMonitor({
      onFault: (fault, id) => void faults.push(`${id}: ${(fault as Error).message}`),
      random: () => 0.5,
    });
    const check = async (): Promise<void> => {
      throw new Error('no answer at all');
    };
    told.watch({ id: 'a', intervalMs: 10, check });
    told.start();
    await jest.advanceTimersByTimeAsync(100);
    told.close();
    expect(faults.length).toBeGreaterThanOrEqual(9);
    expect(new Set(faults)).toEqual(new Set(['a: no answer at all']));
  });

  it('spreads the first checks over the interval', async () => {
    const firstAt = async (random: number): Promise<number> => {
      const spread = new HealthMonitor({ onFault: () => undefined, random: () => random });
      let checkedAt = 0;
      const startedAt = Date.now();
      spread.watch({ id: 'a', intervalMs: 5000, check: async () => (checkedAt ||= Date.now() - startedAt) });
      spread.start();
      await jest.advanceTimersByTimeAsync(5000);
      spread.close();
      return checkedAt;
    };
    expect([await firstAt(0.1), await firstAt(0.999)]).toEqual([500, 4995]);
  });

  it('varies an interval by a fifth either way, so that many connectors do not beat in step', async () => {
    const checkedAt = async (random: number): Promise<readonly number[]> => {
      let isFirst = true;
      const varied = new HealthMonitor({ onFault: () => undefined, random: () => (isFirst ? 0 : random) });
      const times: number[] = [];
      const startedAt = Date.now();
      const check = async (): Promise<void> => {
        isFirst = false;
        times.push(Date.now() - startedAt);
      };
      varied.watch({ id: 'a', intervalMs: 1000, check });
      varied.start();
      await jest.advanceTimersByTimeAsync(2000);
      varied.close();
      return times.slice(1);
    };
    const [first = 0] = await checkedAt(0);
    const [last = 0] = await checkedAt(1);
    expect(last - first).toBe(400);
  });

  it('checks nothing once it is closed, nor what is watched from then on', async () => {
    let checked = 0;
    const watched = { intervalMs: 5, check: async () => (checked += 1) };
    monitor.watch({ id: 'before', ...watched });
    monitor.start();
    monitor.close();
    monitor.watch({ id: 'after', ...watched });
    await jest.advanceTimersByTimeAsync(100);
    expect(checked).toBe(0);
  });

  it('stops checking what is no longer watched', async () => {
    let checked = 0;
    monitor.watch({ id: 'a', intervalMs: 5, check: async () => (checked += 1) });
    monitor.start();
    await jest.advanceTimersByTimeAsync(60);
    monitor.unwatch('a');
    const before = checked;
    await jest.advanceTimersByTimeAsync(60);
    expect(checked).toBe(before);
  });

  it('checks one that takes the place of another alone, at its own pace', async () => {
    const counts = { first: 0, second: 0 };
    monitor.watch({ id: 'a', intervalMs: 5, check: async () => (counts.first += 1) });
    monitor.start();
    monitor.watch({ id: 'a', intervalMs: 10, check: async () => (counts.second += 1) });
    await jest.advanceTimersByTimeAsync(100);
    expect(counts).toEqual({ first: 0, second: 10 });
  });

  it.each(['unwatch', 'watch'] as const)('ends with the check under way where that is overtaken by %s', async (how) => {
    let checked = 0;
    const gate = Promise.withResolvers<void>();
    const check = async (): Promise<void> => {
      checked += 1;
      await gate.promise;
    };
    monitor.watch({ id: 'a', intervalMs: 10, check });
    monitor.start();
    await jest.advanceTimersByTimeAsync(10);
    if (how === 'unwatch') monitor.unwatch('a');
    else monitor.watch({ id: 'a', intervalMs: 1_000_000, check: async () => undefined });
    gate.resolve();
    await jest.advanceTimersByTimeAsync(100);
    expect(checked).toBe(1);
  });
});
