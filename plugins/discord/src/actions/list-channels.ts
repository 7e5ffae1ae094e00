import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'text',
  2: 'voice',
  4: 'category',
  5: 'announcement',
  13: 'stage',
  14: 'directory',
  15: 'forum',
  16: 'media',
};

const input = z.strictObject({ guild_id: snowflake.describe('Id of the server') });

const channel = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string().describe('`text`, `voice`, `category`, `announcement`, `stage`, `directory`, `forum`, `media`'),
  position: z.int(),
  parent_id: z.string().optional().describe('The category that it is in'),
  topic: z.string().optional(),
  nsfw: z.boolean(),
});

const output = z.object({ channels: z.array(channel) });

const answer = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    type: z.int(),
    position: z.int(),
    parent_id: z.string().nullish(),
    topic: z.string().nullish(),
    nsfw: z.boolean().optional(),
  }),
);

function toChannel(data: z.output<typeof answer>[number]): z.output<typeof channel> {
  const { id, name, type, position, parent_id: parent, topic, nsfw } = data;
  return {
    id,
    name,
    type: TYPES[type] ?? String(type),
    position,
    ...(typeof parent === 'string' ? { parent_id: parent } : {}),
    ...(typeof topic === 'string' ? { topic } : {}),
    nsfw: nsfw ?? false,
  };
}

/** Channels of one server. Discord gives all of them at once. */
export const listChannels = (discord: DiscordClient) =>
  action({
    description: 'Lists the channels of a server; threads are not among them.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'channels',
    async run({ guild_id }, { http }) {
      const channels = await discord.send(http, {
        method: 'GET',
        path: `/guilds/${guild_id}/channels`,
        what: 'to list channels',
        schema: answer,
      });
      return { channels: channels.map(toChannel) };
    },
  });
