import { action, NotFoundError } from '@automate/sdk';
import type { PoolConnection } from 'mysql2';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { runStatement } from '../run-statement.ts';

const input = z.strictObject({
  table: z.string().min(1),
  schema: z.string().min(1).optional().describe('Its database. Default: the setting `database`'),
});
const output = z.object({
  schema: z.string(),
  table: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string().describe('With its length or precision: `varchar(20)`'),
      nullable: z.boolean(),
      default: z.string().optional().describe('An expression'),
      primary_key: z.boolean(),
      generated: z.boolean(),
      comment: z.string().optional(),
    }),
  ),
  indexes: z.array(
    z.object({
      name: z.string(),
      unique: z.boolean(),
      columns: z.array(z.string()).describe('Empty text: an expression'),
    }),
  ),
  foreign_keys: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      schema: z.string().describe('Of the table that is referred to'),
      table: z.string(),
      references: z.array(z.string()),
    }),
  ),
});

const TABLE = `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES
  WHERE TABLE_NAME = ? AND TABLE_SCHEMA = CASE WHEN ? = '' THEN DATABASE() ELSE ? END`;
const COLUMNS = `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS fallback,
    COLUMN_KEY AS role, GENERATION_EXPRESSION AS expression, COLUMN_COMMENT AS comment
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`;
const INDEXES = `SELECT INDEX_NAME AS name, NON_UNIQUE AS repeats, COLUMN_NAME AS part
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY INDEX_NAME, SEQ_IN_INDEX`;
const FOREIGN_KEYS = `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS part, REFERENCED_TABLE_SCHEMA AS \`schema\`,
    REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS reference
  FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL
  ORDER BY BINARY CONSTRAINT_NAME, ORDINAL_POSITION`;

/** Most columns that a table can have, and more than it can have of anything else that is asked for. */
const ENOUGH = 5000;

const tableRow = z.object({ schema: z.string(), name: z.string() });
const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  nullable: z.string(),
  fallback: z.string().nullable(),
  role: z.string(),
  expression: z.string().nullable(),
  comment: z.string(),
});
const indexRow = z.object({ name: z.string(), repeats: z.coerce.number(), part: z.string().nullable() });
const keyRow = z.object({
  name: z.string(),
  part: z.string(),
  schema: z.string(),
  table: z.string(),
  reference: z.string(),
});

/** What a table is made of. */
export const describeTable = (use: () => Database) =>
  action({
    description: 'Gives the columns, indexes and foreign keys of a table or view.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run: ({ table, schema = '' }, call) =>
      use().read(call, ENOUGH, async (connection) => {
        const [found] = await ask(connection, tableRow, TABLE, [table, schema, schema]);
        if (found === undefined) {
          const name = schema === '' ? table : `${schema}.${table}`;
          throw new NotFoundError(`there is no table or view "${name}"`, { details: { table: name } });
        }
        const place = [found.schema, found.name];
        return {
          schema: found.schema,
          table: found.name,
          columns: (await ask(connection, columnRow, COLUMNS, place)).map(toColumn),
          indexes: toIndexes(await ask(connection, indexRow, INDEXES, place)),
          foreign_keys: toForeignKeys(await ask(connection, keyRow, FOREIGN_KEYS, place)),
        };
      }),
  });

function toColumn({ name, type, nullable, fallback, role, expression, comment }: z.output<typeof columnRow>) {
  return {
    name,
    type,
    nullable: nullable === 'YES',
    // MariaDB writes the default of a nullable column without one as NULL.
    ...(fallback === null || fallback === 'NULL' ? {} : { default: fallback }),
    primary_key: role === 'PRI',
    generated: expression !== null && expression !== '',
    ...(comment === '' ? {} : { comment }),
  };
}

function toIndexes(rows: readonly z.output<typeof indexRow>[]) {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, parts]) => ({
    name,
    unique: parts[0]?.repeats === 0,
    columns: parts.map(({ part }) => part ?? ''),
  }));
}

function toForeignKeys(rows: readonly z.output<typeof keyRow>[]) {
  return [...Map.groupBy(rows, ({ name }) => name)].map(([name, parts]) => ({
    name,
    columns: parts.map(({ part }) => part),
    schema: parts[0]?.schema ?? '',
    table: parts[0]?.table ?? '',
    references: parts.map(({ reference }) => reference),
  }));
}

async function ask<S extends z.ZodType>(
  connection: PoolConnection,
  row: S,
  sql: string,
  params: string[],
): Promise<z.output<S>[]> {
  const { rows } = await runStatement(connection, { sql, params }, { limit: ENOUGH, offset: 0 });
  return z.array(row).parse(rows);
}
