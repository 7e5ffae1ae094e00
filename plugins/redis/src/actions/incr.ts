import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key } from '../schemas.ts';
import { badAnswer, toRedis } from '../values.ts';

/** Adds to a number. */
export const incr = (use: () => Connection) =>
  action({
    description: 'Adds to the whole number under a key, which counts as 0 where there is none, and gives the sum.',
    input: z.strictObject({
      key,
      by: z
        .union([z.int(), z.string().regex(/^-?\d{1,19}$/)])
        .default(1)
        .describe('What to add; may be negative. Beyond 2^53 as text'),
    }),
    output: z.object({ value: z.string().describe('The sum, as text: it may be larger than JSON numbers can be') }),
    sideEffects: true,
    idempotent: false,
    async run({ key: name, by }, call) {
      const sum = await use().send(['INCRBY', toRedis(name), String(by)], call);
      if (typeof sum !== 'string') throw badAnswer();
      return { value: sum };
    },
  });
