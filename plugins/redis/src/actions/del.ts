import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key } from '../schemas.ts';
import { toCount, toRedis } from '../values.ts';

/** Deletes keys. */
export const del = (use: () => Connection) =>
  action({
    description: 'Deletes keys, and tells how many of them were there.',
    input: z.strictObject({ keys: z.array(key).min(1).max(1000) }),
    output: z.object({ deleted: z.int() }),
    sideEffects: true,
    idempotent: true,
    async run({ keys }, call) {
      return { deleted: toCount(await use().send(['DEL', ...keys.map(toRedis)], call)) };
    },
  });
