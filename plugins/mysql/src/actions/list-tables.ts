import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { fromCursor, toCursor } from '../list-cursor.ts';
import { runStatement } from '../run-statement.ts';

const input = z.strictObject({
  schema: z.string().min(1).optional().describe("Only this database. Default: all but the server's own"),
  limit: z.int().min(1).max(1000).default(500).describe('Most tables of the answer'),
  cursor: z.string().optional().describe('`next_cursor` of the page before'),
});
const table = z.object({ schema: z.string(), name: z.string(), type: z.enum(['table', 'view', 'sequence']) });
const output = z.object({
  tables: z.array(table),
  next_cursor: z.string().optional().describe('Only if there are more'),
});

const TABLES = `
  SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name,
    CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END AS type
  FROM information_schema.TABLES
  WHERE CASE WHEN ? = '' THEN TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ELSE TABLE_SCHEMA = ? END
    AND (BINARY TABLE_SCHEMA > BINARY ? OR (BINARY TABLE_SCHEMA = BINARY ? AND BINARY TABLE_NAME > BINARY ?))
  ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME`;

/** Tables and views by database and name. */
export const listTables = (use: () => Database) =>
  action({
    description: 'Lists tables and views by database and name.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ schema = '', limit, cursor }, call) {
      const after = fromCursor(cursor);
      const params = [schema, schema, after.schema, after.schema, after.name];
      // The session lets no more rows through than these.
      const { rows, truncated } = await use().read(call, limit + 1, (connection) =>
        runStatement(connection, { sql: TABLES, params }, { limit, offset: 0 }),
      );
      const tables = z.array(table).parse(rows);
      const last = tables.at(-1);
      return truncated && last !== undefined ? { tables, next_cursor: toCursor(last) } : { tables };
    },
  });
