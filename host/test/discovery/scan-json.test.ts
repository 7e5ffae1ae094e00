import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../src/discovery/parse-json.ts';
import { positionOf, scanJson } from '../../src/discovery/scan-json.ts';

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
    expect(scanJson(text)).toEqual({ ok: false, offset, expected });
  });

  it('finds keys that stand twice in one object, with their path', () => {
    const text = '{"a": {"b": 1, "c": [{"d": 1}, {"d": 2}], "b": 2}, "\\u0061": 3}';
    expect(scanJson(text)).toEqual({
      ok: true,
      duplicates: [
        { path: ['a', 'b'], offset: 42 },
        { path: ['a'], offset: 51 },
      ],
    });
  });

  it('reads text of any depth', () => {
    expect(scanJson('['.repeat(200_000) + ']'.repeat(200_000)).ok).toBe(true);
  });
});

describe('parseJson', () => {
  it('passes over a byte order mark', () => {
    expect(parseJson('\u{feff}{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
  });

  it('says where broken text breaks, by line and column', () => {
    expect(parseJson('{\n  "name": "x",\n  "version" "1.0.0"\n}\n')).toEqual({
      ok: false,
      expected: 'valid JSON: ":"',
      received: String.raw`"\"1.0.0\"" at line 3, column 13`,
    });
  });

  it('says so when the file ends too early', () => {
    expect(parseJson('{"a":')).toEqual({
      ok: false,
      expected: 'valid JSON: a value',
      received: 'the end of the file at line 1, column 6',
    });
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
