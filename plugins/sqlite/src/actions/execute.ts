import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { refuseOpenTransaction, runChange } from '../run-change.ts';
import { outcome, statement } from '../schemas.ts';

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
    run(statement, { deadline }) {
      const database = use();
      return database.write(deadline, (open) => {
        try {
          return runChange(open.database, statement, database.settings.max_rows, deadline);
        } finally {
          refuseOpenTransaction(open.database);
        }
      });
    },
  });
