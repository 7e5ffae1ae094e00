import { action } from '@automate/sdk';
import { z } from 'zod';
import { fromCursor, toCursor } from '../cursor.ts';
import type { Database } from '../database.ts';

const input = z.strictObject({
  limit: z.int().min(1).max(1000).default(500).describe('Most tables of the answer'),
  cursor: z.string().optional().describe('`next_cursor` of the page before'),
});
const output = z.object({
  tables: z.array(z.object({ name: z.string(), type: z.enum(['table', 'view']) })),
  next_cursor: z.string().optional().describe('Only if there are more'),
});

const TABLES = `SELECT name, type FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name > ?
  ORDER BY name LIMIT ?`;

/** Tables and views by name. */
export const listTables = (use: () => Database) =>
  action({
    description: 'Lists the tables and views of the database by name.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run({ limit, cursor }, { deadline }) {
      const after = fromCursor(cursor);
      const rows = use().read(deadline, (open) => open.database.prepare(TABLES).all(after, limit + 1)) as unknown as {
        readonly name: string;
        readonly type: 'table' | 'view';
      }[];
      const tables = rows.slice(0, limit).map(({ name, type }) => ({ name, type }));
      const last = tables.at(-1);
      return rows.length > limit && last !== undefined ? { tables, next_cursor: toCursor(last.name) } : { tables };
    },
  });
