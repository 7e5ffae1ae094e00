import { action, NotFoundError } from '@automate/sdk';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { tableName } from '../schemas.ts';

const input = z.strictObject({ table: tableName });
const output = z.object({
  table: z.string(),
  type: z.enum(['table', 'view']),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string().describe('As declared; empty where nothing is'),
      nullable: z.boolean(),
      default: z.string().optional().describe('An expression'),
      primary_key: z.boolean(),
      generated: z.boolean(),
    }),
  ),
  indexes: z.array(
    z.object({
      name: z.string(),
      unique: z.boolean(),
      columns: z.array(z.string()).describe('Empty text: an expression'),
    }),
  ),
  foreign_keys: z.array(z.object({ columns: z.array(z.string()), table: z.string(), references: z.array(z.string()) })),
});

/** What a table is made of. */
export const describeTable = (use: () => Database) =>
  action({
    description: 'Gives the columns, indexes and foreign keys of a table or view.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run: ({ table }, { deadline }) =>
      use().read(deadline, (open) => {
        const found = ask<{ name: string; type: 'table' | 'view' }>(
          open.database,
          `SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
          table,
        )[0];
        if (found === undefined)
          throw new NotFoundError(`there is no table or view "${table}"`, { details: { table } });
        return {
          table: found.name,
          type: found.type,
          columns: columnsOf(open.database, found.name),
          indexes: indexesOf(open.database, found.name),
          foreign_keys: foreignKeysOf(open.database, found.name),
        };
      }),
  });

function columnsOf(database: DatabaseSync, table: string) {
  return ask<{ name: string; type: string; notnull: number; dflt_value: string | null; pk: number; hidden: number }>(
    database,
    'SELECT * FROM pragma_table_xinfo(?)',
    table,
  ).map(({ name, type, notnull, dflt_value: fallback, pk, hidden }) => ({
    name,
    type,
    nullable: notnull === 0,
    ...(fallback === null ? {} : { default: fallback }),
    primary_key: pk > 0,
    generated: hidden === 2 || hidden === 3,
  }));
}

function indexesOf(database: DatabaseSync, table: string) {
  const indexes = ask<{ name: string; unique: number }>(
    database,
    'SELECT name, "unique" FROM pragma_index_list(?) ORDER BY name',
    table,
  );
  return indexes.map(({ name, unique }) => ({
    name,
    unique: unique === 1,
    columns: ask<{ name: string | null }>(database, 'SELECT name FROM pragma_index_info(?) ORDER BY seqno', name).map(
      (column) => column.name ?? '',
    ),
  }));
}

function foreignKeysOf(database: DatabaseSync, table: string) {
  const rows = ask<{ id: number; table: string; from: string; to: string | null }>(
    database,
    'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  );
  return [...Map.groupBy(rows, ({ id }) => id).values()].map((parts) => ({
    columns: parts.map(({ from }) => from),
    table: parts[0]?.table ?? '',
    // Without names the key refers to the other table's primary key.
    references: parts.flatMap(({ to }) => (to === null ? [] : [to])),
  }));
}

function ask<T>(database: DatabaseSync, sql: string, value: string): T[] {
  return database.prepare(sql).all(value) as unknown as T[];
}
