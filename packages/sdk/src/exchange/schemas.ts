import type { JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { z } from 'zod';

/** Most bytes of an answer: as base64 they still fit into a result. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** Any JSON: payloads and results are JSON already, so that nothing is left to check. */
export const jsonValue: z.ZodType<JsonValue> = z.any();

/** A map of text whose every key is kept: zod's own record drops `__proto__`, which is as good a name as any. */
export const textMap: z.ZodType<Record<string, string>> = z
  .any()
  .check(({ value, issues }) => {
    if (!isJsonObject(value)) {
      issues.push({ code: 'invalid_type', expected: 'record', input: value });
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      if (typeof item !== 'string') issues.push({ code: 'invalid_type', expected: 'string', input: item, path: [key] });
    }
  })
  .meta({ type: 'object', additionalProperties: { type: 'string' } });

/** A text that can be sent: half a character has no bytes in UTF-8, and would become another one. */
export const wholeText: z.ZodString = z
  .string()
  .refine((text) => text.isWellFormed(), { error: 'expected whole characters, not half of one' });

/** Whether no text of a JSON value, and no name, holds half a character, which others take for another one. */
export function isWholeJson(value: unknown): boolean {
  // Halves alone are escaped, and a backslash of the text's own comes in pairs.
  return !/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(value));
}

/**
 * A text of so many characters at most. Remote systems and JSON Schema count whole characters, where zod's own `max` counts
 * one such as an emoji twice.
 */
export function textUpTo(most: number): z.ZodString {
  return wholeText
    .refine((text) => text.length <= most || Array.from(text).length <= most, {
      error: `expected at most ${most} characters`,
    })
    .meta({ maxLength: most });
}

const queryValue = z.union([z.string(), z.number(), z.boolean()]);

/** Lists repeat the name. */
export const pairs = z.record(z.string(), z.union([queryValue, z.array(queryValue)]));

/** Some servers make up statuses of their own. */
const status = z.int().min(100).max(999);

/** What every request may say. */
export const exchangeInput = {
  path: z
    .string()
    .regex(/^\//, 'expected a path that begins with /')
    .describe("Below the connector's endpoint and base path; must not leave it"),
  query: pairs.optional().describe("Added to the path's own query. Lists repeat the name"),
  headers: textMap.optional().describe("Beside those that the connector's auth adds"),
  accept_status: z
    .union([z.literal('any'), z.array(status).min(1)])
    .optional()
    .describe('Which statuses are answers rather than errors. Default: 200 to 299'),
  redirects: z
    .enum(['own_origin', 'any_origin', 'none'])
    .default('own_origin')
    .describe(
      'Which redirects are followed; to another origin without anything that could be a credential. With `none` they are answers',
    ),
  answer_as: z
    .enum(['auto', 'json', 'text', 'base64'])
    .default('auto')
    .describe(
      "How the answer's body is given; `auto` follows its content type, and gives JSON as text in which a key stands twice",
    ),
  answer_headers: z
    .array(z.string().min(1))
    .optional()
    .describe('Which headers of the answer are given. Default: all but set-cookie'),
  max_bytes: z
    .int()
    .min(1)
    .max(MAX_ANSWER_BYTES)
    .default(MAX_ANSWER_BYTES)
    .describe("Most bytes of the answer's body; a longer one is an error"),
};

/** Not a record of zod's: that one drops the name `__proto__` without a word. */
const headerMap: z.ZodType<Readonly<Record<string, string | readonly string[]>>> = z.any().meta({
  type: 'object',
  additionalProperties: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
});

export const exchangeOutput = z.object({
  status,
  headers: headerMap.describe('Names in lower case; a list where a header came more than once'),
  json: jsonValue.optional(),
  text: z.string().optional(),
  base64: z.string().optional().describe('Bytes, where the body is no text'),
});
