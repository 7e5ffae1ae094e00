import { action, NotFoundError } from '@automate/sdk';
import { z } from 'zod';
import type { SqlDatabase, TableName, Traits } from '../dialect.ts';
import { nameSchema } from '../schemas.ts';

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
const output = z.object({
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

/** More rows than a table has columns, indexes or keys. */
const ENOUGH = 10_000;

/** What a table is made of. */
export const describeTable = (traits: Traits, use: () => SqlDatabase) =>
  action({
    description: 'Gives the columns, indexes, keys and checks of a table or view.',
    input: z.strictObject({
      table: nameSchema.describe('Its name, or `schema.table`'),
      schema: nameSchema.optional().describe(`${traits.schema}. Default: where statements look first`),
    }),
    output,
    sideEffects: false,
    idempotent: true,
    run: ({ table, schema }, call) => {
      const database = use();
      return database.read(call, { rows: ENOUGH }, async (session) => {
        for (const name of namesOf(table, schema)) {
          const found = await database.describeTable(session, name);
          if (found !== undefined) return structuredClone(found) as z.input<typeof output>;
        }
        const name = schema === undefined ? table : `${schema}.${table}`;
        throw new NotFoundError(`there is no table or view "${name}"`, { details: { table: name } });
      });
    },
  });

/** A name with a point in it is first taken as it is. */
function namesOf(table: string, schema: string | undefined): TableName[] {
  if (schema !== undefined) return [{ schema, table }];
  const point = table.indexOf('.');
  const parts = { schema: table.slice(0, point), table: table.slice(point + 1) };
  return point < 1 || parts.table === '' ? [{ table }] : [{ table }, parts];
}
