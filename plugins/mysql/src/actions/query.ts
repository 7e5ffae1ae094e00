import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { page, resultSet, statement } from '../schemas.ts';
import { runStatement } from '../run-statement.ts';
import { refuseUnlessReading } from '../statement-kind.ts';

const input = z.strictObject({ ...statement, ...page });
const output = z.object({
  ...resultSet,
  next_offset: z.int().optional().describe('Where the next page begins; only if there is one'),
});

/** Rows of a statement that only reads. */
export const query = (use: () => Database) =>
  action({
    description:
      'Runs a statement that only reads, in a transaction in which the server refuses to write, and gives a page of its rows.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ sql, params, limit, offset }, call) {
      refuseUnlessReading(sql);
      const database = use();
      const wanted = { limit: limit ?? database.settings.max_rows, offset };
      const enough = offset + wanted.limit + 1;
      const {
        columns,
        rows,
        row_count: count,
        truncated,
      } = await database.read(call, enough, (connection) => runStatement(connection, { sql, params }, wanted));
      const result = { columns, rows, row_count: count, truncated };
      return truncated ? { ...result, next_offset: offset + count } : result;
    },
  });
