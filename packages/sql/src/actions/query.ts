import { action } from '@automate/sdk';
import { z } from 'zod';
import type { SqlDatabase, Traits } from '../dialect.ts';
import { checkStatement } from '../grammar.ts';
import { createRoom } from '../results.ts';
import { pageInput, resultSetOutput, statementInput } from '../schemas.ts';

/** Rows of a statement that only reads. */
export const query = (traits: Traits, use: () => SqlDatabase) =>
  action({
    description:
      'Runs a statement that only reads, in a transaction in which the database refuses to write, and gives a page of its rows.',
    input: z.strictObject({ ...statementInput(traits.placeholder), ...pageInput }),
    output: z.object({
      ...resultSetOutput,
      next_offset: z.int().optional().describe('Where the next page begins; only if there is one'),
    }),
    sideEffects: false,
    idempotent: true,
    async run({ sql, params, limit, offset }, call) {
      checkStatement(traits.grammar, sql, 'query');
      const database = use();
      const page = { limit: limit ?? database.maxRows, offset, room: createRoom(), tooLarge: 'refuse' } as const;
      const rows = offset + page.limit + 1;
      const { columns, ...result } = await database.read(call, { rows }, (session) =>
        session.run({ sql, params }, page),
      );
      const found = {
        columns: [...columns],
        rows: [...result.rows],
        row_count: result.row_count,
        truncated: result.truncated,
      };
      return result.truncated ? { ...found, next_offset: offset + result.row_count } : found;
    },
  });
