import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findJsonError } from '../../src/runtime/worker/find-json-error.ts';

describe('where a text stops being JSON', () => {
  it.each([
    ['', 0, 'a value'],
    ['   ', 3, 'a value'],
    ['{"a":}', 5, 'a value'],
    ['{"a":1,}', 7, "a member's name in double quotes"],
    ['{,}', 1, 'a member\'s name in double quotes or "}"'],
    ["{'a':1}", 1, 'a member\'s name in double quotes or "}"'],
    ['{"a" 1}', 5, '":"'],
    ['[1 2]', 3, '"," or "]"'],
    ['[1,]', 3, 'a value'],
    ['{"a":1', 6, '"," or "}"'],
    ['nope', 0, 'a value'],
    ['01', 1, 'nothing more'],
    ['{} {}', 3, 'nothing more'],
    ['"abc', 4, 'the end of a string'],
    ['"a\nb"', 2, 'a character that strings may hold'],
    ['"\\x"', 1, 'a character that strings may hold'],
    ['[1]]', 3, 'nothing more'],
    ['+1', 0, 'a value'],
    ['[NaN]', 1, 'a value'],
  ])('%j: at %i expected %s', (text, offset, expected) => {
    expect(findJsonError(text)).toStrictEqual({ offset, expected });
  });

  it('is found in every text that is not JSON, and what stands before could be the beginning of JSON', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '}', ']', ',', ':', '"', 'x', '0', ' '),
        (json, at, insert) => {
          const place = at % (json.length + 1);
          const text = json.slice(0, place) + insert + json.slice(place + 1);
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          const { offset, expected } = findJsonError(text);
          expect(offset).toBeLessThanOrEqual(text.length);
          // A text that is JSON up to its end lacks nothing.
          if (isJson) expect({ offset, expected }).toStrictEqual({ offset: text.length, expected: 'nothing more' });
          else expect(offset < text.length || expected !== 'nothing more').toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('does not mind depth', () => {
    expect(findJsonError('['.repeat(200_000))).toStrictEqual({ offset: 200_000, expected: 'a value' });
  });
});
