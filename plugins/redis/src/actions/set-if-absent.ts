import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key, ttl, value } from '../schemas.ts';
import { badAnswer, isOk, toRedis } from '../values.ts';

/** Sets a key that is not there. An action of its own, as trying it again could find its own first try. */
export const setIfAbsent = (use: () => Connection) =>
  action({
    description: 'Sets a key only if it is not there, as for a lock, and tells whether it did.',
    input: z.strictObject({ key, value, ttl_ms: ttl }),
    output: z.object({ set: z.boolean().describe('False: the key was there and stays as it is') }),
    sideEffects: true,
    idempotent: false,
    async run({ key: name, value: content, ttl_ms: ttlMs }, call) {
      const life = ttlMs === undefined ? [] : ['PX', String(ttlMs)];
      const args = ['SET', toRedis(name), toRedis(content), 'NX', ...life];
      const reply = await use().send(args, call);
      if (reply !== null && !isOk(reply)) throw badAnswer();
      return { set: reply !== null };
    },
  });
