import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { emoji, snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake, emoji });
const output = z.object({ removed: z.boolean() });

/** Takes a reaction back. */
export const removeReaction = (discord: DiscordClient) =>
  action({
    description: 'Takes a reaction of the bot to a message back.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'reactions',
    async run({ channel_id, message_id, emoji }, { http }) {
      const path = `/channels/${channel_id}/messages/${message_id}/reactions/${encodeURIComponent(emoji)}/@me`;
      await discord.send(http, { method: 'DELETE', path, what: 'to take the reaction back', schema: z.undefined() });
      return { removed: true };
    },
  });
