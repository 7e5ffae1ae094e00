import { z } from 'zod';

const column = z.object({
  name: z.string(),
  type: z.string().describe('With its length or precision: `varchar(20)`'),
  nullable: z.boolean(),
  default: z.string().optional().describe('An expression'),
  primary_key: z.boolean(),
  generated: z.boolean().describe('Whether it is computed from others'),
  identity: z
    .enum(['always', 'by_default', 'auto_increment'])
    .optional()
    .describe('How the database numbers new rows by it'),
  values: z.array(z.string()).optional().describe('The labels of an enum'),
  comment: z.string().optional(),
});
/** What a table is made of. */
export const tableDescription = z.object({
  schema: z.string(),
  table: z.string(),
  type: z.string().optional().describe('As `list_tables` names it'),
  columns: z.array(column),
  indexes: z.array(
    z.object({
      name: z.string(),
      unique: z.boolean(),
      columns: z.array(z.string()).describe('Columns or expressions; empty text: an expression that is not told'),
    }),
  ),
  foreign_keys: z.array(
    z.object({
      name: z.string().optional(),
      columns: z.array(z.string()),
      schema: z.string().describe('Of the table that is referred to'),
      table: z.string(),
      references: z.array(z.string()).describe('Empty: the primary key of that table'),
    }),
  ),
  checks: z.array(z.object({ name: z.string(), expression: z.string() })).optional(),
  options: z.array(z.string()).optional().describe('What it was made with that changes how it works: `STRICT`'),
  partition_key: z.string().optional().describe('How the rows are spread over partitions: `RANGE (day)`'),
});

export type TableDescription = z.output<typeof tableDescription>;
