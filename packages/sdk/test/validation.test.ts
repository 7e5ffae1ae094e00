import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { validate } from '../src/validation.ts';

async function problemsOf(schema: z.ZodType, value: unknown): Promise<readonly string[]> {
  const result = await validate(schema as never, value);
  return result.ok
    ? []
    : result.problems.map(({ path, expected, received, message }) => {
        expect(message).not.toMatch(/^Invalid (input|option)$/);
        return `${path}: ${expected}, not ${received}`;
      });
}

describe('what is wrong with a value', () => {
  const parameter = z.union([z.null(), z.boolean(), z.number(), z.string(), z.strictObject({ base64: z.string() })]);

  it.each([
    [
      'every alternative',
      z.object({ params: z.array(parameter) }),
      { params: [1, [2]] },
      'params[1]: null, boolean, number, string or object, not a list',
    ],
    ['nothing at all', z.object({ p: parameter }), {}, 'p: null, boolean, number, string or object, not nothing'],
    [
      'the fault within the alternative that was meant',
      z.object({ p: parameter }),
      { p: { base64: 5 } },
      'p.base64: string, not 5',
    ],
    [
      'a key that the alternative lacks',
      z.object({ p: parameter }),
      { p: { base64: 'x', b: 1 } },
      'p.b: no such key, not the key "b"',
    ],
    ['words', z.object({ w: z.enum(['a', 'b', 'c']) }), { w: 'd' }, 'w: "a", "b" or "c", not "d"'],
    [
      'words among types',
      z.object({ w: z.union([z.literal('all'), z.number()]) }),
      { w: 'd' },
      'w: "all" or number, not "d"',
    ],
    [
      'alternatives within alternatives',
      z.object({ v: z.union([z.array(parameter), parameter]) }),
      { v: [[1]] },
      'v[0]: null, boolean, number, string or object, not a list',
    ],
    [
      'several objects',
      z.union([z.object({ text: z.string() }), z.object({ blocks: z.array(z.string()) })]),
      {},
      ': one with text: string or one with blocks: array, not an object',
    ],
    [
      'a discriminator',
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('in') }), z.object({ kind: z.literal('out') })]),
      { kind: 'x' },
      'kind: "in" or "out", not "x"',
    ],
  ])('names %s', async (_what, schema, value, expected) => {
    expect(await problemsOf(schema, value)).toEqual([expected]);
  });

  it('is said in words of JSON, of what is missing too', async () => {
    const result = await validate(z.object({ query: z.string(), limit: z.number() }) as never, { limit: '5' });
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
      'expected string, received nothing',
      'expected number, received string',
    ]);
  });

  it('is what another library says, in its words', async () => {
    const other = {
      jsonSchema: {},
      schema: {
        '~standard': {
          version: 1 as const,
          vendor: 'other',
          validate: () => ({ issues: [{ message: 'must be a string or a number', path: [{ key: 'a' }] }] }),
        },
      },
    };
    expect(await validate(other, { a: true })).toEqual({
      ok: false,
      problems: [
        {
          path: 'a',
          expected: 'must be a string or a number',
          received: 'true',
          message: 'must be a string or a number',
        },
      ],
    });
  });
});
