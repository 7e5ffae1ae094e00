import { expect, it } from '@jest/globals';
import { EFFECTS } from '@automate/sql';
import { outcomes } from '../src/outcomes.ts';
import { sqliteFault } from '../src/sqlite-error.ts';

it('tells of a COMMIT that failed what its rows of the README say', () => {
  const rule = (text: string) => outcomes.find(({ when }) => when.includes(text))?.effect;
  const effectOf = (errcode: number) =>
    sqliteFault({ code: 'ERR_SQLITE_ERROR', errcode, message: '' }, EFFECTS.commit)?.error.effect;
  for (const errcode of [5, 517, 6, 13, 19, 787]) expect(effectOf(errcode)).toBe(rule('`SQLITE_BUSY`'));
  for (const errcode of [10, 1034, 11]) expect(effectOf(errcode)).toBe(rule('an I/O error'));
});
