import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { Traits } from '../dialect.ts';
import { checkStatement } from '../grammar.ts';
import type { StatementResult } from '../result-schemas.ts';
import { statementResult } from '../result-schemas.ts';
import { createRoom } from '../results.ts';
import { statementInput } from '../schemas.ts';

/** Several statements, all or nothing. */
export const transaction = (traits: Traits, use: () => Database) => {
  const statements = z
    .array(z.strictObject(statementInput(traits.placeholder)))
    .min(1)
    .max(1000)
    .describe('Run in this order');
  const { isolation } = traits;
  return action({
    description: 'Runs statements as one transaction: all of them take effect, or none.',
    input: z.strictObject({
      statements,
      ...(isolation === undefined ? {} : { isolation: z.enum(isolation.levels).default(isolation.default) }),
    }),
    output: z.object({ results: z.array(statementResult).describe('One for each statement') }),
    sideEffects: true,
    idempotent: false,
    async run(input, call) {
      for (const { sql } of input.statements) checkStatement(traits.grammar, sql, 'transaction');
      const database = use();
      const limit = Math.max(1, Math.floor(database.maxRows / input.statements.length));
      const page = { limit, offset: 0, room: createRoom(), tooLarge: 'cut' } as const;
      const isolation = input.isolation as string | undefined;
      const results = await database.transact(call, isolation, async (session) => {
        const done: StatementResult[] = [];
        for (const each of input.statements) done.push(await session.run(each, page));
        return done;
      });
      return { results };
    },
  });
};
