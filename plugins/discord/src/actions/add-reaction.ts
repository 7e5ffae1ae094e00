import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { emoji, snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake, emoji });
const output = z.object({ added: z.boolean() });

/** Reacts to a message. */
export const addReaction = (discord: DiscordClient) =>
  action({
    description: 'Adds a reaction of the bot to a message; no error where it is there already.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'reactions',
    async run({ channel_id, message_id, emoji }, { http }) {
      const path = `/channels/${channel_id}/messages/${message_id}/reactions/${encodeURIComponent(emoji)}/@me`;
      await discord.send(http, { method: 'PUT', path, what: 'to add the reaction', schema: z.undefined() });
      return { added: true };
    },
  });
