import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthMonitor } from '../../src/health/health-monitor.ts';

describe('the health monitor', () => {
  let monitor = new HealthMonitor();
  afterEach(() => {
    monitor.close();
    monitor = new HealthMonitor();
  });

  it('checks nothing before it is started, then each connector at its own interval', async () => {
    const counts = { fast: 0, slow: 0 };
    monitor.watch({ id: 'fast', intervalMs: 10, check: async () => (counts.fast += 1) });
    monitor.watch({ id: 'slow', intervalMs: 60_000, check: async () => (counts.slow += 1) });
    await delay(50);
    expect(counts).toEqual({ fast: 0, slow: 0 });
    monitor.start();
    await delay(300);
    expect(counts.fast).toBeGreaterThan(3);
    expect(counts.slow).toBe(0);
  });

  it('never overlaps a check with itself, and does not let a hung one delay the others', async () => {
    let running = 0;
    let most = 0;
    let others = 0;
    monitor.watch({
      id: 'hung',
      intervalMs: 5,
      check: async () => {
        running += 1;
        most = Math.max(most, running);
        await delay(100);
        running -= 1;
      },
    });
    monitor.watch({ id: 'well', intervalMs: 5, check: async () => (others += 1) });
    monitor.start();
    await delay(250);
    expect(most).toBe(1);
    expect(others).toBeGreaterThan(5);
  });

  it('spreads the first checks over the interval', async () => {
    const even = new HealthMonitor({ random: () => 0.999 });
    let checked = 0;
    even.watch({ id: 'a', intervalMs: 5_000, check: async () => (checked += 1) });
    even.start();
    await delay(50);
    even.close();
    expect(checked).toBe(0);
  });

  it('stops checking what is no longer watched', async () => {
    let checked = 0;
    monitor.watch({ id: 'a', intervalMs: 5, check: async () => (checked += 1) });
    monitor.start();
    await delay(60);
    monitor.unwatch('a');
    const before = checked;
    await delay(60);
    expect(checked).toBe(before);
  });
});
