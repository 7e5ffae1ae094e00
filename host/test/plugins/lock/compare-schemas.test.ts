import { describe, expect, it } from '@jest/globals';
import type { Direction } from '../../../src/plugins/lock/compare-schemas.ts';
import { compareSchemas } from '../../../src/plugins/lock/compare-schemas.ts';

type Row = readonly [title: string, before: object, after: object, given: string, answered: string];

const of = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more });
const text = { type: 'string' };

/** What a change means to those who write such values, and to those who read them: `!` breaks them. */
const ROWS: readonly Row[] = [
  ['a description', { ...text, description: 'a' }, { ...text, description: 'b' }, '', ''],
  ['the order of keys', of({ a: text, b: text }), of({ b: text, a: text }), '', ''],
  ['a new property', of({ a: text }), of({ a: text, b: text }), 'b is new', 'b is new'],
  [
    'a new property that is required',
    of({}),
    of({ b: text }, { required: ['b'] }),
    '!b is required now',
    'b is required now',
  ],
  [
    'a property that becomes required',
    of({ b: text }),
    of({ b: text }, { required: ['b'] }),
    '!b is required now',
    'b is required now',
  ],
  [
    'a property that may be absent',
    of({ b: text }, { required: ['b'] }),
    of({ b: text }),
    'b may be absent now',
    '!b may be absent now',
  ],
  ['a property that goes', of({ a: text, b: text }), of({ a: text }), 'b is gone', '!b is gone'],
  [
    'a property that goes from a closed object',
    of({ b: text }, { additionalProperties: false }),
    of({}, { additionalProperties: false }),
    '!b is gone',
    '!b is gone',
  ],
  [
    'an object that closes',
    of({}),
    of({}, { additionalProperties: false }),
    '! takes no other properties now',
    ' takes no other properties now',
  ],
  [
    'another type',
    of({ a: text }),
    of({ a: { type: 'number' } }),
    '!a was string and is number',
    '!a was string and is number',
  ],
  [
    'a wider type',
    of({ a: { type: 'integer' } }),
    of({ a: { type: 'number' } }),
    'a was integer and is number',
    '!a was integer and is number',
  ],
  [
    'one more type',
    of({ a: text }),
    of({ a: { type: ['string', 'null'] } }),
    'a was string and is string or null',
    '!a was string and is string or null',
  ],
  [
    'a choice less',
    of({ a: { enum: ['x', 'y'] } }),
    of({ a: { enum: ['x'] } }),
    '!a has no "y" any more',
    'a has no "y" any more',
  ],
  [
    'a choice more',
    of({ a: { enum: ['x'] } }),
    of({ a: { enum: ['x', 'y'] } }),
    'a may be "y" now',
    '!a may be "y" now',
  ],
  [
    'a narrower bound',
    of({ a: { type: 'number', maximum: 9 } }),
    of({ a: { type: 'number', maximum: 5 } }),
    '!a had maximum 9 and has 5',
    'a had maximum 9 and has 5',
  ],
  [
    'a wider bound',
    of({ a: { type: 'number', minimum: 5 } }),
    of({ a: { type: 'number', minimum: 1 } }),
    'a had minimum 5 and has 1',
    '!a had minimum 5 and has 1',
  ],
  [
    'a pattern',
    { type: 'string' },
    { type: 'string', pattern: 'a' },
    '! had pattern none and has "a"',
    ' had pattern none and has "a"',
  ],
  [
    'what is deep within',
    of({ a: { type: 'array', items: of({ b: text }) } }),
    of({ a: { type: 'array', items: of({ b: text }, { required: ['b'] }) } }),
    '!a[].b is required now',
    'a[].b is required now',
  ],
  [
    'what is not understood',
    { anyOf: [text] },
    { anyOf: [{ type: 'null' }] },
    ' has another schema',
    ' has another schema',
  ],
];

const said = (before: object, after: object, direction: Direction): string =>
  compareSchemas(before, after, direction)
    .map(({ breaking, path, what }) => `${breaking ? '!' : ''}${path} ${what}`)
    .join('; ');

describe('of two schemas', () => {
  it.each(ROWS)('%s', (_title, before, after, given, answered) => {
    expect([said(before, after, 'given'), said(before, after, 'answered')]).toEqual([given, answered]);
  });

  it('only tells apart what is deeper than anybody means', () => {
    const deep = (depth: number, leaf: object): object => (depth === 0 ? leaf : of({ a: deep(depth - 1, leaf) }));
    expect(said(deep(200, text), deep(200, { type: 'null' }), 'given')).toMatch(/has another schema$/);
  });
});
