import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundedEncode } from '../../src/runtime/worker/bounded-encode.ts';

const LIMITS = { bytes: 1000, depth: 5 };

describe('encoding within bounds', () => {
  it('gives what JSON gives, for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(boundedEncode(value, { bytes: 1e9, depth: 1000 })).toBe(JSON.stringify(value));
      }),
    );
  });

  it('never gives a text longer than it may be, and never refuses one that is clearly shorter', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 40 }), (value) => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        let text: string | undefined;
        try {
          text = boundedEncode(value, LIMITS);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INTERNAL_ERROR', details: { reason: 'result_too_large' } });
        }
        expect(text !== undefined).toBe(bytes <= LIMITS.bytes);
      }),
    );
  });

  it('never refuses for its length what JSON makes short', () => {
    const value = fc.array(
      fc.oneof(
        fc.nat(9),
        fc.boolean(),
        fc.constant(undefined),
        fc.constant(null),
        fc.record({ absent: fc.constant(undefined), n: fc.nat(9) }),
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(value, (list) => {
        const bytes = JSON.stringify(list).length;
        expect(boundedEncode(list, { bytes, depth: 5 })).toHaveLength(bytes);
      }),
    );
  });

  it('counts depth and ancestors', () => {
    expect(boundedEncode([[[[[]]]]], LIMITS)).toBe('[[[[[]]]]]');
    expect(() => boundedEncode([[[[[[]]]]]], LIMITS)).toThrow(/nested more than 5 levels/);
    const knot: unknown[] = [];
    knot.push({ knot });
    expect(() => boundedEncode({ tied: knot }, LIMITS)).toThrow(/refers to itself at "tied\[0\].knot"/);
  });

  it('sees a circle however many ways lead around it', () => {
    const knot: Record<string, unknown> = {};
    for (const name of 'abcdefgh') knot[name] = knot;
    expect(() => boundedEncode(knot, { bytes: Infinity, depth: 256 })).toThrow(/refers to itself at "a"/);
  });

  it('keeps a member called __proto__', () => {
    const row: unknown = JSON.parse('{"__proto__":1}');
    expect(boundedEncode([row], LIMITS)).toBe('[{"__proto__":1}]');
  });

  it('measures what toJSON gives, and asks it of nothing twice', () => {
    let asked = 0;
    const inner = { toJSON: () => 'never asked' };
    const outer = {
      toJSON: () => {
        asked += 1;
        return { kept: 1, toJSON: inner.toJSON };
      },
    };
    expect(() => boundedEncode(outer, LIMITS)).toThrow(/holds a function at "toJSON"/);
    expect(asked).toBe(1);
    expect(boundedEncode({ at: new Date(0), url: new URL('http://x/') }, LIMITS)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","url":"http://x/"}',
    );
    expect(() => boundedEncode({ toJSON: () => 'x'.repeat(2000) }, LIMITS)).toThrow(/longer than 1000 bytes/);
  });

  it('names what JSON would have dropped without a word', () => {
    expect(() => boundedEncode({ list: [{ run: () => 1 }] }, LIMITS)).toThrow(
      'the result holds a function at "list[0].run"; the plugin\'s author must act',
    );
    expect(() => boundedEncode(() => 1, LIMITS)).toThrow(/holds a function/);
    expect(() => boundedEncode(1n, LIMITS)).toThrow(/holds a bigint/);
    expect(() => boundedEncode({ rate: [0, Number.NaN] }, LIMITS)).toThrow(/holds NaN, .* at "rate\[1\]"/);
    expect(() => boundedEncode([-Infinity], LIMITS)).toThrow(/holds -Infinity/);
    expect(() => boundedEncode({ all: new Map([[1, 2]]) }, LIMITS)).toThrow(/holds a Map, .* at "all"/);
    expect(() => boundedEncode({ later: Promise.resolve(1) }, LIMITS)).toThrow(/holds a Promise/);
    for (const hidden of [new Headers({ a: 'b' }), new URLSearchParams('a=1'), new Blob(['a']), [1].values()])
      expect(() => boundedEncode({ hidden }, LIMITS)).toThrow(/of which JSON shows nothing at "hidden"/);
    expect(() => boundedEncode([new Date(Number.NaN)], LIMITS)).toThrow(/holds a Date that is no time at "\[0\]"/);
    expect(boundedEncode([new Uint8Array(), Object(1), Object(false), []], LIMITS)).toBe('[{},1,false,[]]');
    expect(boundedEncode([Object.create(null), new (class Empty {})()], LIMITS)).toBe('[{},{}]');
  });
});
