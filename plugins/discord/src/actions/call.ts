import type { JsonValue } from '@automate/sdk';
import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
const jsonValue: z.ZodType<JsonValue> = z.any();

const input = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z
    .string()
    .regex(/^(\/[\w@.:~%-]+)+$/, 'expected a path below the API, such as /guilds/7/emojis')
    .refine((path) => !/\/\.{1,2}(\/|$)/.test(path), 'expected a path without . and ..')
    .describe('Below the API, its parts encoded, e.g. `/guilds/7/emojis`'),
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  body: jsonValue.optional().describe('Sent as JSON'),
});
const output = z.object({ answer: jsonValue.optional().describe("Discord's whole answer; absent where it is empty") });

/** Any method of the API. */
export const call = (discord: DiscordClient) =>
  action({
    description: "Calls any method of Discord's API as the bot, for what has no action of its own.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run({ method, path, query, body }, { http }) {
      const answer = await discord.send(http, {
        method,
        path,
        query,
        what: `${method} ${path}`,
        ...(body === undefined ? {} : { json: body }),
        schema: jsonValue.optional(),
      });
      return answer === undefined ? {} : { answer };
    },
  });
