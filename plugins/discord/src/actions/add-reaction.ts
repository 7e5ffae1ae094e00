import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({
  channel_id: snowflake,
  message_id: snowflake,
  emoji: z
    .string()
    .regex(/^(\w{2,32}:\d{1,20}|[^\w\s./:]+)$/u, 'expected an emoji such as 👍, or one of the server as name:id')
    .describe('An emoji such as 👍, or one of the server as `name:id`'),
});
const output = z.object({ added: z.boolean() });

/** Reacts to a message. */
export const addReaction = (discord: DiscordClient) =>
  action({
    description: 'Adds a reaction of the bot to a message.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'reactions',
    async run({ channel_id, message_id, emoji }, { http }) {
      await discord.send(http, {
        method: 'PUT',
        path: `/channels/${channel_id}/messages/${message_id}/reactions/${encodeURIComponent(emoji)}/@me`,
        what: 'to add the reaction',
        schema: z.undefined(),
      });
      return { added: true };
    },
  });
