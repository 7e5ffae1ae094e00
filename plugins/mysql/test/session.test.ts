import { expect, it } from '@jest/globals';
import type { Ask } from '../src/session.ts';
import { checkSettings } from '../src/session.ts';
import { fromInstant, toInstant } from '../src/time-zone.ts';

const defaults = { isMariaDb: true, timeZone: 'SYSTEM', sqlMode: 'ANSI_QUOTES,STRICT_ALL_TABLES', zone: [] };
const asSet = {
  autocommit: 1,
  completion_type: 'NO_CHAIN',
  sql_auto_is_null: 0,
  character_set_client: 'utf8mb4',
  character_set_results: 'utf8mb4',
  time_zone: 'SYSTEM',
  sql_mode: 'REAL_AS_FLOAT,ANSI_QUOTES,STRICT_ALL_TABLES',
};
const check = (row: object): Promise<void> =>
  checkSettings((async () => [{ ...asSet, ...row }]) as Ask, defaults, 'MySQL at here:1');

it('takes a session that is as it was set', async () => {
  await expect(check({})).resolves.toBeUndefined();
});

it.each([
  ['autocommit', 0],
  ['character_set_results', 'latin1'],
  ['time_zone', 'UTC'],
  ['sql_mode', 'ANSI_QUOTES'],
])('refuses a session whose %s something in between has kept for itself', async (name, value) => {
  await expect(check({ [name]: value })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    effect: 'none',
    details: { setting: name },
  });
});

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
