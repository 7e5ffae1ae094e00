import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { textMap } from '../src/exchange/index.ts';

describe('a map of text', () => {
  it('keeps every key, also those that objects know by themselves', () => {
    const text = '{"__proto__":"a","constructor":"b","x":"c"}';
    const parsed = z.object({ labels: textMap }).parse({ labels: JSON.parse(text) });
    expect(JSON.stringify(parsed.labels)).toBe(text);
  });

  it('names the values that are no text', () => {
    const result = z.object({ labels: textMap }).safeParse({ labels: { a: 'b', c: 1 } });
    expect(result.error?.issues).toMatchObject([{ path: ['labels', 'c'], expected: 'string' }]);
    expect(textMap.safeParse(['a']).error?.issues).toMatchObject([{ expected: 'record' }]);
  });

  it('says itself as JSON Schema', () => {
    expect(z.toJSONSchema(textMap.describe('Labels'))).toMatchObject({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Labels',
    });
  });
});
