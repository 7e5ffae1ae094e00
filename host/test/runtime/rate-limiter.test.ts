import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogIntake } from '../../src/runtime/log-intake.ts';
import { RateLimiter } from '../../src/runtime/rate-limiter.ts';
import type { WorkerLogRecord } from '../../src/runtime/runtime.ts';

describe('the rate of log lines', () => {
  const limits = { linesPerSecond: 10, bytesPerSecond: 1000, burstSeconds: 2 };

  it('allows a burst, then as many lines and bytes as a second brings', () => {
    const clock = { now: 0 };
    const limiter = new RateLimiter(limits, () => clock.now);
    const take = (count: number, bytes: number): number =>
      Array.from({ length: count }, () => limiter.take(bytes)).filter(Boolean).length;
    expect(take(100, 1)).toBe(20);
    clock.now += 1000;
    expect(take(100, 1)).toBe(10);
    clock.now += 60_000;
    expect(take(100, 500)).toBe(4);
    clock.now += 1000;
    expect(take(100, 500)).toBe(2);
  });

  it('is never exceeded over any stretch of time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat(400)), { maxLength: 300 }), (lines) => {
        const clock = { now: 0 };
        const limiter = new RateLimiter(limits, () => clock.now);
        let taken = 0;
        let bytes = 0;
        for (const [pause, size] of lines) {
          clock.now += pause;
          if (!limiter.take(size)) continue;
          taken += 1;
          bytes += size;
        }
        const seconds = clock.now / 1000 + limits.burstSeconds;
        expect(taken).toBeLessThanOrEqual(seconds * limits.linesPerSecond + 1e-6);
        expect(bytes).toBeLessThanOrEqual(seconds * limits.bytesPerSecond + 1e-6);
      }),
    );
  });

  it('is bounded for all connectors together, and the drop is told', async () => {
    const records: WorkerLogRecord[] = [];
    const intake = new LogIntake({
      onLog: (record) => void records.push(record),
      onRecord: (record) => Promise.resolve<'written'>((records.push(record), 'written')),
      onState: () => {},
      onCrash: () => {},
      onFault: () => {},
    });
    const line = 'x'.repeat(8000);
    for (let n = 0; n < 1000; n += 1)
      intake.take(`connector-${n % 50}`, { kind: 'log', level: 'info', source: 'stdout', message: line, fields: '' });
    const bytes = records.reduce((sum, { message }) => sum + message.length, 0);
    expect(bytes).toBeLessThan(3 * 1024 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 100));
    intake.take('connector-1', { kind: 'log', level: 'warn', source: 'logger', message: 'later', fields: '{"a":1}' });
    expect(records.at(-2)).toMatchObject({
      source: 'host',
      message: expect.stringMatching(/^\d+ log lines of all connectors together were dropped/),
    });
    expect(records.at(-1)).toStrictEqual({
      connector: 'connector-1',
      level: 'warn',
      source: 'logger',
      message: 'later',
      fields: { a: 1 },
    });
  });
});
