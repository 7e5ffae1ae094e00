import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { outcome, statement } from '../schemas.ts';
import { runStatement } from '../run-statement.ts';
import { refuseTransactionControl } from '../statement-kind.ts';

const input = z.strictObject(statement);
const output = z.object(outcome);

/** One statement that may change something. */
export const execute = (use: () => Database) =>
  action({
    description:
      'Runs one statement that may change something, and gives what it changed and the rows that it returns.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run(statement, call) {
      refuseTransactionControl(statement.sql);
      const database = use();
      const page = { limit: database.settings.max_rows, offset: 0 };
      return database.change(call, (connection) => runStatement(connection, statement, page));
    },
  });
