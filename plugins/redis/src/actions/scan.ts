import { action } from '@automate/sdk';
import { z } from 'zod';
import type { Connection } from '../connection.ts';
import { value } from '../schemas.ts';
import type { Value } from '../schemas.ts';
import { badAnswer, toAnswer } from '../values.ts';

const input = z.strictObject({
  match: z.string().optional().describe('Pattern such as `user:*`'),
  type: z.enum(['string', 'list', 'set', 'zset', 'hash', 'stream']).optional().describe('Only keys of this type'),
  count: z.int().min(1).max(10_000).default(100).describe('About how many keys to look at'),
  cursor: z
    .string()
    .regex(/^\d{1,20}$/)
    .default('0')
    .describe('`next_cursor` of the page before'),
});
const output = z.object({
  keys: z.array(value).describe('May be empty before the end, and hold a key twice: Redis promises neither'),
  next_cursor: z.string().optional().describe('Absent once all keys have been looked at'),
});

/** Keys, page by page. */
export const scan = (use: () => Connection) =>
  action({
    description: 'Lists keys page by page, without stopping the server as KEYS would.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run({ match, type, count, cursor }, call) {
      const pattern = match === undefined ? [] : ['MATCH', match];
      const only = type === undefined ? [] : ['TYPE', type];
      const args = ['SCAN', cursor, ...pattern, 'COUNT', String(count), ...only];
      const reply = await use().send(args, call);
      const [next, keys] = Array.isArray(reply) ? reply : [];
      if (!Buffer.isBuffer(next) || !Array.isArray(keys)) throw badAnswer();
      const page = { keys: toAnswer(keys, 'read').json as Value[] };
      return next.toString() === '0' ? page : { ...page, next_cursor: next.toString() };
    },
  });
