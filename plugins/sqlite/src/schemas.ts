import { z } from 'zod';
import { MAX_ROWS, MAX_VALUE_BYTES } from './limits.ts';

const bytes = z
  .base64()
  .max(Math.ceil(MAX_VALUE_BYTES / 3) * 4)
  .describe(`Bytes, at most ${MAX_VALUE_BYTES}`);

const parameter = z.union([
  z.null(),
  z.boolean(),
  z.number(),
  z.string(),
  z.strictObject({ base64: bytes }),
  z.strictObject({
    integer: z
      .string()
      .regex(/^-?\d{1,19}$/)
      .describe('A whole number beyond 2^53, as text'),
  }),
]);
export type Parameter = z.output<typeof parameter>;

/** A statement with its parameters. */
export const statement = {
  sql: z.string().min(1).describe('One statement; `?` stands for a parameter'),
  params: z.array(parameter).default([]).describe('Values of the parameters; bytes as `{"base64": "…"}`'),
};

const limit = z.int().min(1).max(MAX_ROWS);

/** Which part of the rows is wanted. */
export const page = {
  limit: limit.optional().describe('Most rows of the answer. Default: the setting `max_rows`'),
  offset: z.int().min(0).default(0).describe('Rows to leave out first: `next_offset` of the page before'),
};

const column = z.object({ name: z.string(), type: z.string().describe('As declared; empty for an expression') });

/** The rows of a statement. */
export const resultSet = {
  columns: z.array(column).describe('A name that occurs twice gets a number: `id`, `id_2`'),
  rows: z.array(z.record(z.string(), z.unknown())).describe('By column name. Bytes are `{"base64": "…"}`'),
  row_count: z.int(),
  truncated: z.boolean().describe('Whether there are more rows than these'),
};

export const nextOffset = z.int().optional().describe('Where the next page begins; only if there is one');

/** What a statement did. */
export const outcome = {
  rows_affected: z.int(),
  last_insert_id: z.string().optional().describe('Row id of the last row inserted by it'),
  ...resultSet,
};

export const tableName = z.string().min(1);
