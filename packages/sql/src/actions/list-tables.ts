import { action } from '@automate/sdk';
import { z } from 'zod';
import type { SqlDatabase, Traits } from '../dialect.ts';
import { fromCursor, toCursor } from '../list-cursor.ts';
import { nameSchema } from '../schemas.ts';

/** Tables and views by schema and name. */
export const listTables = (traits: Traits, use: () => SqlDatabase) =>
  action({
    description: 'Lists tables and views by schema and name.',
    input: z.strictObject({
      schema: nameSchema.optional().describe(`Only this one. ${traits.schema}. Default: all but the system's own`),
      limit: z.int().min(1).max(1000).default(500).describe('Most tables of the answer'),
      cursor: z.string().optional().describe('`next_cursor` of the page before'),
    }),
    output: z.object({
      tables: z.array(z.object({ schema: z.string(), name: z.string(), type: z.enum(traits.tableTypes) })),
      next_cursor: z.string().optional().describe('Only if there are more'),
    }),
    sideEffects: false,
    idempotent: true,
    async run({ schema, limit, cursor }, call) {
      const [fromSchema = '', fromName = ''] = cursor === undefined ? [] : fromCursor(cursor, 2).map(String);
      const wanted = {
        ...(schema === undefined ? {} : { schema }),
        after: { schema: fromSchema, name: fromName },
        limit: limit + 1,
      };
      const database = use();
      const rows = await database.read(call, { rows: limit + 1 }, (session) => database.listTables(session, wanted));
      const tables = rows.slice(0, limit);
      const last = tables.at(-1);
      return rows.length > limit && last !== undefined
        ? { tables, next_cursor: toCursor([last.schema, last.name]) }
        : { tables };
    },
  });
