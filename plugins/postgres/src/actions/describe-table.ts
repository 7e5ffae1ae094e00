import { action, NotFoundError } from '@automate/sdk';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { schemaName } from '../schemas.ts';

const input = z.strictObject({
  table: z.string().min(1),
  schema: schemaName.optional().describe('Default: the first schema of the search path that has the table'),
});
const output = z.object({
  schema: z.string(),
  table: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string().describe('With its length or precision: `character varying(20)`'),
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
      columns: z.array(z.string()).describe('Columns or expressions'),
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

const TABLE = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END`;

const COLUMNS = `
  SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated <> '' AS generated,
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS primary_key,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment
  FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const INDEXES = `
  SELECT c.relname AS name, i.indisunique AS unique,
    ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) n) AS columns
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = $1::oid ORDER BY c.relname COLLATE "C"`;

const namesOf = (table: string, numbers: string): string => `ARRAY(
    SELECT a.attname::text FROM unnest(k.${numbers}) WITH ORDINALITY u(number, position)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.${table} AND a.attnum = u.number ORDER BY u.position)`;

const FOREIGN_KEYS = `
  SELECT k.conname AS name, n.nspname AS schema, c.relname AS table,
    ${namesOf('conrelid', 'conkey')} AS columns, ${namesOf('confrelid', 'confkey')} AS references
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE k.conrelid = $1::oid AND k.contype = 'f' ORDER BY k.conname COLLATE "C"`;

type Description = z.output<typeof output>;
type Column = Omit<Description['columns'][number], 'default' | 'comment'> & {
  readonly default: string | null;
  readonly comment: string | null;
};

/** What a table is made of. */
export const describeTable = (use: () => Database) =>
  action({
    description: 'Gives the columns, indexes and foreign keys of a table or view.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run: ({ table, schema }, call) =>
      use().read(call, async (client): Promise<Description> => {
        const [found] = await ask<{ oid: string; schema: string; name: string }>(client, TABLE, [
          table,
          schema ?? null,
        ]);
        if (found === undefined) {
          const name = schema === undefined ? table : `${schema}.${table}`;
          throw new NotFoundError(`there is no table or view "${name}"`, { details: { table: name } });
        }
        const columns = await ask<Column>(client, COLUMNS, [found.oid]);
        return {
          schema: found.schema,
          table: found.name,
          columns: columns.map(({ default: fallback, comment, ...column }) => ({
            ...column,
            ...(fallback === null ? {} : { default: fallback }),
            ...(comment === null ? {} : { comment }),
          })),
          indexes: await ask(client, INDEXES, [found.oid]),
          foreign_keys: await ask(client, FOREIGN_KEYS, [found.oid]),
        };
      }),
  });

async function ask<T extends object>(client: PoolClient, sql: string, values: readonly unknown[]): Promise<T[]> {
  const { rows } = await client.query<T & Record<string, unknown>>(sql, [...values]);
  return rows;
}
