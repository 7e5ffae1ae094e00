import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { fromCursor, toCursor } from '../list-cursor.ts';
import { schemaName } from '../schemas.ts';

const TYPES = ['table', 'partitioned_table', 'view', 'materialized_view', 'foreign_table'] as const;

const input = z.strictObject({
  schema: schemaName.optional().describe("Only this schema. Default: all but the server's own"),
  limit: z.int().min(1).max(1000).default(500).describe('Most tables of the answer'),
  cursor: z.string().optional().describe('`next_cursor` of the page before'),
});
const output = z.object({
  tables: z.array(z.object({ schema: z.string(), name: z.string(), type: z.enum(TYPES) })),
  next_cursor: z.string().optional().describe('Only if there are more'),
});

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'v' THEN 'view'
      WHEN 'm' THEN 'materialized_view' ELSE 'foreign_table' END AS type
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $1::text IS NULL THEN n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ELSE n.nspname = $1 END
    AND (n.nspname COLLATE "C", c.relname COLLATE "C") > ($2::text COLLATE "C", $3::text COLLATE "C")
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4`;

/** Tables and views by schema and name. */
export const listTables = (use: () => Database) =>
  action({
    description: 'Lists tables and views by schema and name.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ schema, limit, cursor }, call) {
      const after = fromCursor(cursor);
      const values = [schema ?? null, after.schema, after.name, limit + 1];
      const { rows } = await use().read(call, (client) =>
        client.query<{ schema: string; name: string; type: (typeof TYPES)[number] }>(TABLES, values),
      );
      const tables = rows.slice(0, limit);
      const last = tables.at(-1);
      return rows.length > limit && last !== undefined ? { tables, next_cursor: toCursor(last) } : { tables };
    },
  });
