import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** What a column's values are, in one vocabulary over all databases. */
const category = z.enum([
  ...(['integer', 'decimal', 'float', 'boolean', 'text', 'bytes', 'json'] as const),
  ...(['date', 'time', 'datetime', 'timestamp', 'interval', 'uuid', 'array', 'other'] as const),
]);
export type Category = z.output<typeof category>;

const column = z.object({
  name: z.string(),
  type: z.string().describe("The type's name in the server"),
  category: category.describe('What the values are, in words that all databases share'),
});
export type Column = z.output<typeof column>;

/** By column name, without a prototype: `__proto__` is a name like any other. */
export type Row = Record<string, JsonValue>;

// A record's schema would drop a column of the name `__proto__`.
const row = z.unknown().meta({ type: 'object' }) as unknown as z.ZodType<Row>;

/** The rows of a statement. */
export const resultSet = z.object({
  columns: z.array(column).describe('A name that occurs twice gets a number: `id`, `id_2`'),
  rows: z
    .array(row)
    .describe(
      'By column name. Whole numbers beyond 2^53 and decimals are text, dates ISO 8601, bytes `{"base64": "…"}`; `{"truncated": n}` stands for a value of n bytes that was too large to be sent after a change',
    ),
  row_count: z.int(),
  truncated: z.boolean().describe('Whether there are more rows than these'),
});
export type ResultSet = z.output<typeof resultSet>;

/** What a statement did. */
export const statementResult = z.object({
  command: z.string().optional().describe('What it was, where the server tells: `INSERT`, `CREATE`'),
  rows_affected: z.int(),
  last_insert_id: z
    .string()
    .optional()
    .describe('The id of a new row, where the server tells: in MySQL of the first, in SQLite of the last'),
  ...resultSet.shape,
});
export type StatementResult = z.output<typeof statementResult>;
