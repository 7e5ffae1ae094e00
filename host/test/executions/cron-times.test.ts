import { describe, expect, it } from '@jest/globals';
import { cronTimes } from '../../dist/executions/cron-times.js';

/** The times after this one, one after the other. */
function following(cron: string, timeZone: string, from: string, count: number): readonly string[] {
  const times = cronTimes(cron, timeZone);
  const all: string[] = [];
  for (let moment = Date.parse(from); all.length < count;) {
    moment = times.after(moment) ?? Number.NaN;
    all.push(new Date(moment).toISOString());
  }
  return all;
}

describe('the times of a cron expression', () => {
  it('are those of its zone, also in summer', () => {
    expect(following('0 9 * * 1-5', 'Europe/Berlin', '2026-03-27T12:00:00Z', 2)).toEqual([
      '2026-03-30T07:00:00.000Z',
      '2026-03-31T07:00:00.000Z',
    ]);
    expect(following('0 9 * * 1-5', 'Europe/Berlin', '2026-01-02T12:00:00Z', 1)).toEqual(['2026-01-05T08:00:00.000Z']);
    expect(following('*/15 * * * *', 'Asia/Kathmandu', '2026-01-01T00:01:00Z', 2)).toEqual([
      '2026-01-01T00:15:00.000Z',
      '2026-01-01T00:30:00.000Z',
    ]);
  });

  it('come once on the day whose clocks leave their hour out, and once on that which has it twice', () => {
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('come each hour that passes, however the clocks change', () => {
    expect(following('0 * * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
    expect(following('0 * * * *', 'Europe/Berlin', '2026-03-29T00:30:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
  });

  it('are found backwards as well, the one at the very moment among them', () => {
    const times = cronTimes('*/10 * * * *', 'UTC');
    const ten = Date.parse('2026-01-01T10:10:00Z');
    expect([ten, ten + 1, ten + 599_999, ten - 1].map((moment) => times.upTo(moment))).toEqual([
      ten,
      ten,
      ten,
      ten - 600_000,
    ]);
    expect([ten - 1, ten].map((moment) => times.after(moment))).toEqual([ten, ten + 600_000]);
  });

  it.each([
    ['61 * * * *', 'UTC', 'cron'],
    ['* * * * * *', 'UTC', 'cron'],
    ['* * *', 'UTC', 'cron'],
    ['nonsense', 'UTC', 'cron'],
    ['0 0 30 2 *', 'UTC', 'cron'],
    ['* * * * *', 'Nowhere/City', 'time_zone'],
  ])('of %s in %s are refused', (cron, timeZone, path) => {
    expect(() => cronTimes(cron, timeZone)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', problems: [expect.objectContaining({ path })] }),
    );
  });
});
