import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonProblems } from '../src/json-problems.ts';
import { positionOf, scanJson } from '../src/scan-json.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('scanJson', () => {
  it('accepts what JSON.parse accepts, and nothing else', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', ':', '\\', '0', 'x', '\n', '\u0001', '-', 'e', '.', '\u00a0'),
      )
      .map(([text, at, put]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + put + text.slice(place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
        expect(scanJson(text).ok).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the place where the text stops being JSON', () => {
    // Whatever is cut from a valid text, the fault is at the end, or at the word, number or escape that the cut went through.
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, at) => {
        const cut = text.slice(0, at % text.length);
        const scan = scanJson(cut);
        const rest = scan.ok ? '' : cut.slice(scan.offset);
        expect(rest).toMatch(/^(?:[a-z]{0,4}|-?[\d.eE+-]*|\\(?:u\w{0,3})?)$/);
      }),
    );
  });

  it.each([
    ['{"a": 1,}', 8, 'a key in double quotes'],
    ['{"a" 1}', 5, '":"'],
    ['{"a": x}', 6, 'a value'],
    ['[1 2]', 3, '"," or "]"'],
    ['{"a": 1', 7, '"," or "}"'],
    ['{} {}', 3, 'the end of the text'],
    ['', 0, 'a value'],
    ['{"a": 01}', 7, '"," or "}"'],
    ['["tab\there"]', 5, 'the rest of a text, closed by a double quote'],
    [String.raw`["\x"]`, 2, 'the rest of a text, closed by a double quote'],
    ["{'a': 1}", 1, 'a key in double quotes or "}"'],
  ])('says what is missing in %s', (text, offset, expected) => {
    expect(scanJson(text)).toMatchObject({ ok: false, kind: 'syntax', offset, expected });
  });

  it.each([
    ['{query:"up"}', []],
    ['{"a": 1, b: 2}', []],
    ['{"a": [{"b": {x: 1}}]}', ['a', 0, 'b']],
    ['{"a": {"b": x}}', ['a', 'b']],
  ])('says of %s what the fault stands in', (text, path) => {
    expect(scanJson(text)).toMatchObject({ ok: false, path });
  });

  it('finds keys that stand twice in one object or reach a prototype, with their path', () => {
    const text =
      '{"a": {"b": 1, "c": [{"d": 1}, {"d": 2, "__proto__": 0}], "b": 2}, "\\u0061": 3, "_\\u005fproto__": 4}';
    expect(scanJson(text)).toMatchObject({
      ok: true,
      findings: [
        { kind: 'reserved-key', path: ['a', 'c', 1, '__proto__'], text: '"__proto__"' },
        { kind: 'duplicate-key', path: ['a', 'b'], offset: 58, text: '"b"' },
        { kind: 'duplicate-key', path: ['a'], text: '"\\u0061"' },
        { kind: 'reserved-key', path: ['__proto__'] },
      ],
    });
  });

  it.each([
    '9007199254740992',
    '-9007199254740993',
    '12345678901234567890',
    '9007199254740993.0',
    '12345678901234567.5',
    '1.2345678901234567890123e25',
    '1e400',
    '-1e400',
  ])('finds a number that would become another: %s', (text) => {
    expect(scanJson(`{"rows":[1,{"id":${text}}]}`)).toMatchObject({
      findings: [{ kind: 'inexact-number', path: ['rows', 1, 'id'], text }],
    });
  });

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '0.12345678901234567890',
    '1.5e300',
    '1e21',
    '1E-400',
    '-0',
  ])('lets a number pass that stays what it is, as far as fractions do: %s', (text) => {
    expect(scanJson(`[${text}]`)).toEqual({ ok: true, findings: [] });
  });

  it('stops at a depth, if it is given one', () => {
    expect(scanJson('[[[0]]]', { maxDepth: 3 }).ok).toBe(true);
    expect(scanJson('[[[[0]]]]', { maxDepth: 3 })).toMatchObject({ ok: false, kind: 'too-deep', offset: 3 });
  });

  it('reads text of any depth', () => {
    expect(scanJson('['.repeat(200_000) + ']'.repeat(200_000)).ok).toBe(true);
  });
});

describe('positionOf', () => {
  it.each([
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [5, 3, 1],
  ])('counts offset %d as line %d, column %d', (offset, line, column) => {
    expect(positionOf('ab\nc\nd', offset)).toEqual({ line, column });
  });
});

describe('jsonProblems', () => {
  it('say path, line and column', () => {
    expect(jsonProblems('{\n "a": [9007199254740993]}', { maxDepth: 9 })).toEqual([
      {
        kind: 'inexact-number',
        offset: 9,
        path: 'a[0]',
        expected: 'a number that JSON carries exactly, at most 9007199254740991: send larger ones as text',
        received: '9007199254740993',
        line: 2,
        column: 8,
      },
    ]);
    expect(jsonProblems('{"a": {"b": x}}', { maxDepth: 9 })).toMatchObject([
      { kind: 'syntax', path: 'a.b', expected: 'a value', received: '"x"', column: 13 },
    ]);
  });
});
