import { expect, it } from '@jest/globals';
import { EFFECTS } from '@automate/sql';
import { outcomes } from '../src/outcomes.ts';
import { sqliteFault } from '../src/sqlite-error.ts';

it('tells of a COMMIT that failed what its rows of the README say', () => {
  const rule = (text: string) => outcomes.find(({ when }) => when.includes(text))?.effect;
  const effectOf = (errcode: number) =>
    sqliteFault({ code: 'ERR_SQLITE_ERROR', errcode, message: '' }, { effects: EFFECTS.commit, reading: false })?.error
      .effect;
  for (const errcode of [5, 517, 6, 13, 19, 787]) expect(effectOf(errcode)).toBe(rule('`SQLITE_BUSY`'));
  for (const errcode of [264, 1032, 1544]) expect(effectOf(errcode)).toBe(rule('`SQLITE_READONLY`'));
  for (const errcode of [10, 1034, 11]) expect(effectOf(errcode)).toBe(rule('an I/O error'));
});

it('tells a file that was moved away from one that needs recovery', () => {
  const faultOf = (errcode: number) =>
    sqliteFault({ code: 'ERR_SQLITE_ERROR', errcode, message: '' }, { effects: EFFECTS.transaction, reading: false })
      ?.error;
  expect(faultOf(1032)).toMatchObject({ retryable: true, details: { reason: 'file_replaced' } });
  expect(faultOf(264)).toMatchObject({ retryable: false, details: { reason: 'needs_recovery' } });
});
