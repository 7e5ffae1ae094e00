import { z } from 'zod';
import { MAX_ROWS, MAX_VALUE_BYTES } from './limits.ts';

const bytes = z
  .base64()
  .max(Math.ceil(MAX_VALUE_BYTES / 3) * 4)
  .describe(`Bytes, at most ${MAX_VALUE_BYTES}`);

const parameter = z.union([z.null(), z.boolean(), z.number(), z.string(), z.strictObject({ base64: bytes })]);
export type Parameter = z.output<typeof parameter>;

/** A statement with its parameters. */
export const statement = {
  sql: z.string().min(1).describe('One statement; `?` stands for a parameter'),
  params: z
    .array(parameter)
    .default([])
    .describe('Values of the parameters; large numbers and JSON as text, bytes as `{"base64": "…"}`'),
};

/** Which part of the rows is wanted. */
export const page = {
  limit: z.int().min(1).max(MAX_ROWS).optional().describe('Most rows of the answer. Default: the setting `max_rows`'),
  offset: z.int().min(0).default(0).describe('Rows to leave out first: `next_offset` of the page before'),
};

/** The rows of a statement. */
export const resultSet = {
  columns: z
    .array(z.object({ name: z.string(), type: z.string().describe('As in a definition: `bigint`, `varchar`') }))
    .describe('A name that occurs twice gets a number: `id`, `id_2`'),
  rows: z.array(z.record(z.string(), z.unknown())).describe('By column name. Bytes are `{"base64": "…"}`'),
  row_count: z.int(),
  truncated: z.boolean().describe('Whether there are more rows than these'),
};

/** What a statement did. */
export const outcome = {
  rows_affected: z.int(),
  last_insert_id: z.string().optional().describe('The first id that AUTO_INCREMENT gave'),
  ...resultSet,
};
