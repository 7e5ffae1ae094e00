import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key, lookup } from '../schemas.ts';
import { toLookup, toRedis } from '../values.ts';

/** The value of a key. */
export const get = (use: () => Connection) =>
  action({
    description: 'Gives the value of a key.',
    input: z.strictObject({ key }),
    output: lookup,
    sideEffects: false,
    idempotent: true,
    run: async (input, call) => toLookup(await use().send(['GET', toRedis(input.key)], call)),
  });
