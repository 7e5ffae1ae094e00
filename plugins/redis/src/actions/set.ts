import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { key, ttl, value } from '../schemas.ts';
import { badAnswer, isOk, toRedis } from '../values.ts';

/** Sets a key. */
export const set = (use: () => Connection) =>
  action({
    description: 'Sets a key to a value, whatever it was before. An earlier time to live is lost unless one is given.',
    input: z.strictObject({ key, value, ttl_ms: ttl }),
    output: z.object({ set: z.boolean().describe('Always true') }),
    sideEffects: true,
    idempotent: true,
    async run({ key: name, value: content, ttl_ms: ttlMs }, call) {
      const life = ttlMs === undefined ? [] : ['PX', String(ttlMs)];
      const reply = await use().send(['SET', toRedis(name), toRedis(content), ...life], call);
      if (!isOk(reply)) throw badAnswer();
      return { set: true };
    },
  });
