import { describe, expect, it } from '@jest/globals';
import type { ActionDescription } from '@automate/contract';
import { TimeoutError } from '@automate/contract';
import { judgeError } from '../../src/execution/judge-error.ts';
import { tooLarge } from './too-large.ts';

const action = (input: ActionDescription['input'], sideEffects = true): ActionDescription => ({
  name: 'act',
  description: 'Acts',
  input,
  sideEffects,
  idempotent: false,
});
const FAIR = { givenMs: 5_000, target: { limits: { timeoutMs: 30_000 } } };
const TAKES_PAGE = { type: 'object', properties: { page: { type: 'integer' } } };

describe('a result that is too large', () => {
  it.each<ActionDescription['input']>([{ type: 'object', properties: {} }, { type: 'object' }])(
    "stays the plugin author's to mend where the caller cannot ask for less: %j",
    (input) => {
      expect(judgeError(tooLarge, action(input), FAIR)).toStrictEqual(tooLarge);
      expect(judgeError(tooLarge, action(input, false), FAIR)).toStrictEqual({ ...tooLarge, effect: 'none' });
    },
  );

  it('is what it was where its action is not known, or another code says whose it is', () => {
    expect(judgeError(tooLarge, undefined, FAIR)).toBe(tooLarge);
    const upstream = { ...tooLarge, code: 'UPSTREAM_5XX', blame: 'remote' } as const;
    expect(judgeError(upstream, action(TAKES_PAGE), FAIR)).toStrictEqual(upstream);
  });
});

describe('a timeout', () => {
  const late = new TimeoutError('no answer').toEnvelope();
  const given = (givenMs: number, timeoutMs: number) => ({ givenMs, target: { limits: { timeoutMs } } });

  it.each([
    ['the remote system', 5_000, 30_000, 'remote'],
    ['the remote system, where the connector gives no more either', 200, 200, 'remote'],
    ['the caller, who gave it next to nothing', 200, 30_000, 'caller'],
  ])('is to be blamed on %s', (_whom, givenMs, timeoutMs, blame) => {
    expect(judgeError(late, undefined, given(givenMs, timeoutMs))).toMatchObject({ code: 'TIMEOUT', blame });
  });

  it('of code that blocks its worker stays with that, however little time there was', () => {
    const stuck = { ...late, blame: 'plugin' } as const;
    expect(judgeError(stuck, undefined, given(200, 30_000))).toBe(stuck);
  });
});
