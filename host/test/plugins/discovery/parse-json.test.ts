import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../../../src/plugins/discovery/parse-json.ts';

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
