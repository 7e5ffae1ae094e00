import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { Traits } from '../dialect.ts';
import { ask } from '../ask.ts';
import { fromCursor, toCursor } from '../list-cursor.ts';
import { nameSchema } from '../schemas.ts';

/** Tables and views by schema and name. */
export const listTables = (traits: Traits, use: () => Database) => {
  const table = z.object({ schema: z.string(), name: z.string(), type: z.enum(traits.tableTypes) });
  return action({
    description: 'Lists tables and views by schema and name.',
    input: z.strictObject({
      schema: nameSchema.optional().describe(`Only this one. ${traits.schema}. Default: all but the system's own`),
      limit: z.int().min(1).max(1000).default(500).describe('Most tables of the answer'),
      cursor: z.string().optional().describe('`next_cursor` of the page before'),
    }),
    output: z.object({
      tables: z.array(table),
      next_cursor: z.string().optional().describe('Only if there are more'),
    }),
    sideEffects: false,
    idempotent: true,
    async run({ schema, limit, cursor }, call) {
      const [fromSchema = '', fromName = ''] = cursor === undefined ? [] : fromCursor(cursor, 2).map(String);
      const database = use();
      const statement = { sql: database.dialect.tables, params: [schema ?? null, fromSchema, fromName, limit + 1] };
      const rows = await database.read(call, limit + 1, (session) => ask(session, statement, limit + 1));
      const tables = rows.slice(0, limit) as z.output<typeof table>[];
      const last = tables.at(-1);
      return rows.length > limit && last !== undefined
        ? { tables, next_cursor: toCursor([last.schema, last.name]) }
        : { tables };
    },
  });
};
