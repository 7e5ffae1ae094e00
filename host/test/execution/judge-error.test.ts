import { describe, expect, it } from '@jest/globals';
import type { ActionDescription } from '@automate/contract';
import { judgeError } from '../../src/execution/judge-error.ts';
import { tooLarge } from './too-large.ts';

const action = (input: ActionDescription['input'], sideEffects = true): ActionDescription => ({
  name: 'act',
  description: 'Acts',
  input,
  sideEffects,
  idempotent: false,
});
const TAKES_PAGE = { type: 'object', properties: { page: { type: 'integer' } } };

describe('a result that is too large', () => {
  it.each<ActionDescription['input']>([{ type: 'object', properties: {} }, { type: 'object' }])(
    "stays the plugin author's to mend where the caller cannot ask for less: %j",
    (input) => {
      expect(judgeError(tooLarge, action(input))).toStrictEqual(tooLarge);
      expect(judgeError(tooLarge, action(input, false))).toStrictEqual({ ...tooLarge, effect: 'none' });
    },
  );

  it('is what it was where its action is not known, or another code says whose it is', () => {
    expect(judgeError(tooLarge, undefined)).toBe(tooLarge);
    const upstream = { ...tooLarge, code: 'UPSTREAM_5XX', blame: 'remote' } as const;
    expect(judgeError(upstream, action(TAKES_PAGE))).toStrictEqual(upstream);
  });
});
