import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key, lookup, value } from '../schemas.ts';
import { toLookup, toRedis } from '../values.ts';

/** The value of one field of a hash. */
export const hget = (use: () => Connection) =>
  action({
    description: 'Gives the value of one field of a hash.',
    input: z.strictObject({ key, field: value.describe('Name of the field') }),
    output: lookup,
    sideEffects: false,
    idempotent: true,
    run: async (input, call) => toLookup(await use().send(['HGET', toRedis(input.key), toRedis(input.field)], call)),
  });
