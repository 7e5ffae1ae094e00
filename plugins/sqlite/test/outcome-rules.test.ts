import { expect, it } from '@jest/globals';
import { outcomes } from '../src/outcomes.ts';
import { effectOfCommit } from '../src/sqlite-error.ts';

it('tells of a COMMIT that failed what its rows of the README say', () => {
  const rule = (text: string) => outcomes.find(({ when }) => when.includes(text))?.effect;
  for (const errcode of [5, 517, 6, 13, 19, 787]) expect(effectOfCommit({ errcode })).toBe(rule('`SQLITE_BUSY`'));
  for (const errcode of [10, 1034, 11, undefined]) expect(effectOfCommit({ errcode })).toBe(rule('an I/O error'));
});
