import { expect, it } from '@jest/globals';
import { fromInstant, toInstant } from '../src/time-zone.ts';

/** Half an hour ahead of UTC, then an hour and a half, then half an hour again. */
const zone = [
  { since: 0, ahead: 1800 },
  { since: 86_400, ahead: 5400 },
  { since: 172_800, ahead: 1800 },
];

it('takes local times for the moments that they stand for', () => {
  for (const [local, moment] of [
    ['1970-01-01 12:00:00.5', '1970-01-01T11:30:00.5Z'],
    ['1970-01-02 12:00:00', '1970-01-02T10:30:00Z'],
    ['1970-01-04 00:00:00.000001', '1970-01-03T23:30:00.000001Z'],
  ] as const) {
    expect(toInstant(zone, local)).toBe(moment);
    expect(fromInstant(zone, moment)).toBe(local);
  }
  expect(fromInstant(zone, '1970-01-02T16:15:00+05:45')).toBe('1970-01-02 12:00:00');
});

it('guesses at none where a local time is shown twice or never, or is no time', () => {
  for (const local of ['1970-01-03 01:00:00', '1970-01-02 01:00:00', '0000-00-00 00:00:00', '1970-02-00 00:00:00'])
    expect(toInstant(zone, local)).toBe(local.replace(' ', 'T'));
  for (const moment of ['1970-01-02T23:45:00Z', '1970-01-03T00:15:00Z', '1970-02-30T00:00:00Z', '1970-01-01', 'now'])
    expect(fromInstant(zone, moment)).toBeUndefined();
});
