import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key, value } from '../schemas.ts';
import { toCount, toRedis } from '../values.ts';

/** Sets fields of a hash. */
export const hset = (use: () => Connection) =>
  action({
    description: 'Sets fields of a hash, which is created where there is none; its other fields stay.',
    input: z.strictObject({
      key,
      fields: z
        .record(z.string(), value)
        .refine((fields) => Object.keys(fields).length > 0, { error: 'expected at least one field' })
        .describe('Values by name'),
    }),
    output: z.object({ added: z.int().describe('How many of the fields are new') }),
    sideEffects: true,
    idempotent: true,
    async run(input, call) {
      const pairs = Object.entries(input.fields).flatMap(([name, field]) => [name, toRedis(field)]);
      const added = await use().send(['HSET', toRedis(input.key), ...pairs], call);
      return { added: toCount(added) };
    },
  });
