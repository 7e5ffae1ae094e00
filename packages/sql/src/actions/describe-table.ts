import { action, NotFoundError } from '@automate/sdk';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { TableName, Traits } from '../dialect.ts';
import { ENOUGH } from '../table-queries.ts';
import { tableDescription } from '../table-schemas.ts';
import { nameSchema } from '../schemas.ts';

/** What a table is made of. */
export const describeTable = (traits: Traits, use: () => Database) =>
  action({
    description: 'Gives the columns, indexes, keys and checks of a table or view.',
    input: z.strictObject({
      table: nameSchema.describe('Its name, or `schema.table`'),
      schema: nameSchema.optional().describe(`${traits.schema}. Default: where statements look first`),
    }),
    output: tableDescription,
    sideEffects: false,
    idempotent: true,
    run: ({ table, schema }, call) => {
      const database = use();
      return database.read(call, ENOUGH, async (session) => {
        for (const name of namesOf(table, schema)) {
          const found = await database.dialect.describeTable(session, name);
          if (found !== undefined) return found;
        }
        const name = schema === undefined ? table : `${schema}.${table}`;
        throw new NotFoundError(`there is no table or view "${name}"`, { details: { table: name } });
      });
    },
  });

/** A name with a point in it is first taken as it is. */
function namesOf(table: string, schema: string | undefined): TableName[] {
  if (schema !== undefined) return [{ schema, table }];
  const point = table.indexOf('.');
  const parts = { schema: table.slice(0, point), table: table.slice(point + 1) };
  return point < 1 || parts.table === '' ? [{ table }] : [{ table }, parts];
}
