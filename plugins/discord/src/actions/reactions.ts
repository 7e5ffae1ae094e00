import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { emoji, snowflake } from '../message.ts';
import { putOrDelete } from '../put-or-delete.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake, emoji });

const reaction = {
  input,
  path: ({ channel_id, message_id, emoji: chosen }: z.output<typeof input>) =>
    `/channels/${channel_id}/messages/${message_id}/reactions/${encodeURIComponent(chosen)}/@me`,
  rateLimitClass: 'reactions',
};

/** Reacts to a message. */
export const addReaction = (discord: DiscordClient) =>
  putOrDelete(discord, reaction, {
    method: 'PUT',
    description: 'Adds a reaction of the bot to a message; no error where it is there already.',
    what: 'to add the reaction',
    done: 'added',
  });

/** Takes a reaction back. */
export const removeReaction = (discord: DiscordClient) =>
  putOrDelete(discord, reaction, {
    method: 'DELETE',
    description: 'Takes a reaction of the bot to a message back.',
    what: 'to take the reaction back',
    done: 'removed',
  });
