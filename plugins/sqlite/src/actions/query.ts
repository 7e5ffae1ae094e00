import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { runStatement } from '../run-statement.ts';
import { nextOffset, page, resultSet, statement } from '../schemas.ts';

const input = z.strictObject({ ...statement, ...page });
const output = z.object({ ...resultSet, next_offset: nextOffset });

/** Rows of a statement that only reads. */
export const query = (use: () => Database) =>
  action({
    description:
      'Runs a statement that only reads, on a connection on which SQLite refuses to write, and gives a page of its rows.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    run({ sql, params, limit, offset }, { deadline }) {
      const database = use();
      const page = { limit: limit ?? database.settings.max_rows, offset, deadline };
      const result = database.read(deadline, (open) => runStatement(open.database, { sql, params }, page));
      return result.truncated ? { ...result, next_offset: offset + result.row_count } : result;
    },
  });
