import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { value } from '../schemas.ts';
import { toCount, toRedis } from '../values.ts';

/** Sends a message to a channel. */
export const publish = (use: () => Connection) =>
  action({
    description: 'Sends a message to those who listen on a channel now.',
    input: z.strictObject({ channel: z.string().min(1), message: value }),
    output: z.object({ receivers: z.int().describe('How many got it') }),
    sideEffects: true,
    idempotent: false,
    async run({ channel, message }, call) {
      const receivers = await use().send(['PUBLISH', channel, toRedis(message)], call);
      return { receivers: toCount(receivers) };
    },
  });
