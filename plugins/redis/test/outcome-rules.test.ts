import { expect, it } from '@jest/globals';
import { kindOf } from '../src/commands.ts';
import { outcomes } from '../src/outcomes.ts';
import { redisError } from '../src/redis-error.ts';
import { TAKERS, takerOf } from '../src/takers.ts';

class SimpleError extends Error {}

const sent = (...args: string[]) => ({ server: 'Redis at here:1', sent: { args, kind: kindOf(args) } });

it('tells of each refusal what its row of the README says', () => {
  const rows = outcomes.filter(({ when }) => when.startsWith('Redis refused'));
  expect(rows.length).toBeGreaterThan(5);
  for (const { when, effect, retried } of rows)
    for (const [, word] of when.matchAll(/`([A-Z]+)`/g)) {
      const error = redisError(new SimpleError(`${word} no`), sent('SET', 'a', 'b'));
      expect(error).toMatchObject({ effect, retryable: retried, code: /\((\w+)\)$/.exec(when)?.[1] });
      expect(error?.message).toContain('Redis at here:1');
      expect(redisError(new SimpleError(`${word} no`), sent('EVAL', 'return 1', '0'))).toMatchObject({
        effect: 'maybe',
      });
      expect(redisError(new SimpleError(`${word} no`), sent('JSON.SET', 'a'))).toMatchObject({ effect: 'maybe' });
    }
});

it.each([
  ['read', ['GET a', 'lrange a 0 1', 'CONFIG GET x', 'EVAL_RO x 0', 'SORT a', 'OBJECT ENCODING a', 'PING', 'INFO']],
  [
    'atomic',
    ['SET a b', 'lpop a', 'SORT a STORE b', 'PUBLISH a b', 'XGROUP CREATE a b 0', 'MSETNX a b', 'BITOP NOT a b'],
  ],
  [
    'open',
    ['EVAL x 0', 'evalsha x 0', 'FCALL f 0', 'FUNCTION LOAD x', 'SCRIPT LOAD x', 'MIGRATE h 1 k 0 1', 'FT.SEARCH i q'],
  ],
  ['open', ['CONFIG SET a b', 'DEBUG RELOAD', 'TFCALL f 0', '__proto__', 'constructor', 'b840fc02']],
])('holds what is sent for %s', (kind, commands) => {
  for (const command of commands) expect([command, kindOf(command.split(' '))]).toStrictEqual([command, kind]);
});

it('knows what all of the commands take that it names', () => {
  for (const name of TAKERS) {
    const [command = '', last] = name.split(' … ');
    const args = /^.MPOP$/.test(command) ? ['1', 'k', command === 'LMPOP' ? 'LEFT' : 'MIN'] : ['k'];
    const more = last === undefined ? (command === 'HGETDEL' ? ['FIELDS', '1', 'f'] : []) : ['value', last];
    expect(takerOf([command, ...args, ...more])?.probes).toHaveLength(1);
  }
  for (const other of [
    ['SET', 'k', 'GET'],
    ['GET', 'k'],
    ['LPOP', 'k', '-1'],
    ['LMPOP', 'x', 'k'],
  ])
    expect(takerOf(other)).toBeUndefined();
});
