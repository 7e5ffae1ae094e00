import { isJsonObject } from '@automate/sdk';
import type { JsonObject } from '@automate/sdk';
import { z } from 'zod';
import { MAX_ROWS, MAX_VALUE_BYTES } from './limits.ts';
import { wrongInput } from './wrong-input.ts';

const bytes = z
  .base64()
  .max(Math.ceil(MAX_VALUE_BYTES / 3) * 4)
  .describe(`Bytes, at most ${MAX_VALUE_BYTES}`);

/** Databases end texts at a NUL, and half a character would become another one on its way. */
const text = z.string().refine((value) => value.isWellFormed() && !value.includes('\0'), {
  error: 'a text of whole Unicode characters without NUL',
});

/** The name of a table, a schema or a column. */
export const nameSchema = text.min(1);

const FORMS = ['base64', 'integer', 'json'];

/** An object that is none of the forms with a meaning of their own. */
const plainObject = z
  .unknown()
  .refine((value): value is JsonObject => isJsonObject(value) && !FORMS.some((form) => Object.hasOwn(value, form)))
  .meta({ type: 'object', description: 'An object, for a parameter of a JSON type' });

export const parameterSchema = z.union([
  z.null(),
  z.boolean(),
  z.number(),
  text,
  z.strictObject({ base64: bytes }),
  z.strictObject({
    integer: z
      .string()
      .regex(/^-?\d{1,20}$/)
      .describe('A whole number beyond 2^53, as text, where a text would be taken for one'),
  }),
  z.strictObject({ json: z.unknown().describe('Any JSON, sent as its text') }),
  z.array(z.unknown()).describe('An array, where the database has them, or a list for a parameter of a JSON type'),
  plainObject,
]);

/** The value of a parameter, as callers write it. */
export type Parameter = z.output<typeof parameterSchema>;

/** The value of a parameter that stands where no schema has looked: within a list, or in a row. */
export function parseParameter(value: unknown, path: string, reason = 'parameters'): Parameter {
  const { success, data } = parameterSchema.safeParse(value);
  if (success) return data;
  const expected = 'null, a boolean, a number, a text of whole characters without NUL, a list, an object or bytes';
  throw wrongInput({ path, expected, reason });
}

/** A JSON text. `marked`: written as `{"json": …}`, so that it is JSON whatever the parameter's type is. */
export class JsonText {
  readonly text: string;
  readonly marked: boolean;

  constructor(value: unknown, marked: boolean) {
    this.text = JSON.stringify(value);
    this.marked = marked;
  }
}

/** What a parameter's value is; a bigint only where it was written as `{"integer": …}`. */
export function readParameter(
  value: Parameter,
): null | boolean | number | string | bigint | Buffer | readonly unknown[] | JsonText {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value;
  const [[form, content] = [], ...others] = Object.entries(value as JsonObject);
  if (others.length > 0) return new JsonText(value, false);
  if (form === 'integer' && typeof content === 'string') return BigInt(content);
  if (form === 'base64' && typeof content === 'string') return Buffer.from(content, 'base64');
  return form === 'json' ? new JsonText(content, true) : new JsonText(value, false);
}

/** The value of a parameter for a database to which lists and objects are their JSON, and whole numbers of one size. */
export function plainValue<T>(
  given: Parameter,
  toInteger: (value: bigint) => T,
): null | string | number | boolean | Buffer | T {
  const value = readParameter(given);
  if (value instanceof JsonText) return value.text;
  if (typeof value === 'bigint') return toInteger(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return toInteger(BigInt(value));
  return Array.isArray(value) ? JSON.stringify(value) : (value as Exclude<typeof value, readonly unknown[]>);
}

/** A statement and the values of its parameters. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

/** The input of a statement; `placeholder` says how it names its parameters. */
export const statementInput = (placeholder: string) => ({
  sql: text.min(1).describe(`One statement; ${placeholder}`),
  params: z
    .array(parameterSchema)
    .default([])
    .describe(
      'Values of the parameters: whole numbers beyond 2^53 and decimals as text, dates in ISO 8601, bytes as `{"base64": "…"}`, JSON as `{"json": …}`',
    ),
});

/** Which part of the rows is wanted. */
export const pageInput = {
  limit: z.int().min(1).max(MAX_ROWS).optional().describe('Most rows of the answer. Default: the setting `max_rows`'),
  offset: z.int().min(0).default(0).describe('Rows to leave out first: `next_offset` of the page before'),
};
