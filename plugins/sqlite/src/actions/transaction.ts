import { action, TimeoutError } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { runChange, runTransaction } from '../run-change.ts';
import { outcome, statement } from '../schemas.ts';

const input = z.strictObject({
  statements: z.array(z.strictObject(statement)).min(1).max(1000).describe('Run in this order'),
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
    run({ statements }, { deadline }) {
      const database = use();
      const limit = Math.max(1, Math.floor(database.settings.max_rows / statements.length));
      const results = database.write(deadline, ({ database: connection, guard }) =>
        runTransaction(connection, statements, (statement) => {
          if (Date.now() > deadline)
            throw new TimeoutError('the transaction did not end before the deadline of the call; nothing was changed', {
              effect: 'none',
            });
          return guard.withinTransaction(() => runChange(connection, statement, limit, deadline));
        }),
      );
      return { results };
    },
  });
