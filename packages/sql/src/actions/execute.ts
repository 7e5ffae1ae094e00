import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { Traits } from '../dialect.ts';
import { checkStatement } from '../grammar.ts';
import { statementResult } from '../result-schemas.ts';
import { createRoom } from '../results.ts';
import { statementInput } from '../schemas.ts';

/** One statement that may change something. */
export const execute = (traits: Traits, use: () => Database) =>
  action({
    description:
      'Runs one statement that may change something, and gives what it changed and the rows that it returns.',
    input: z.strictObject(statementInput(traits.placeholder)),
    output: statementResult,
    sideEffects: true,
    idempotent: false,
    async run(statement, call) {
      checkStatement(traits.grammar, statement.sql, 'execute');
      const database = use();
      const page = { limit: database.maxRows, offset: 0, room: createRoom(), tooLarge: 'cut' } as const;
      return database.change(call, statement, page);
    },
  });
