import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { outcome, statement } from '../schemas.ts';
import type { Outcome } from '../run-statement.ts';
import { runStatement } from '../run-statement.ts';
import { refuseUnlessUndoable } from '../statement-kind.ts';

const ISOLATION = {
  read_committed: 'READ COMMITTED',
  repeatable_read: 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
};

const input = z.strictObject({
  statements: z.array(z.strictObject(statement)).min(1).max(1000).describe('Run in this order'),
  isolation: z.enum(['read_committed', 'repeatable_read', 'serializable']).default('repeatable_read'),
});
const output = z.object({ results: z.array(z.object(outcome)).describe('One for each statement') });

/** Several statements, all or nothing. */
export const transaction = (use: () => Database) =>
  action({
    description: 'Runs statements as one transaction: all of them take effect, or none.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run({ statements, isolation }, call) {
      for (const { sql } of statements) refuseUnlessUndoable(sql);
      const database = use();
      const limit = Math.max(1, Math.floor(database.settings.max_rows / statements.length));
      const results = await database.transact(call, ISOLATION[isolation], async (connection) => {
        const done: Outcome[] = [];
        for (const each of statements) done.push(await runStatement(connection, each, { limit, offset: 0 }));
        return done;
      });
      return { results };
    },
  });
