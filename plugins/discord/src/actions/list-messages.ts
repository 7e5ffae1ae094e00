import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { message, messageAnswer, snowflake, toMessage } from '../message.ts';

const input = z
  .strictObject({
    channel_id: snowflake.describe('Id of the channel or thread'),
    before: snowflake.optional().describe('Only messages before this one'),
    after: snowflake.optional().describe('Only messages after this one'),
    around: snowflake.optional().describe('Messages before and after this one'),
    limit: z.int().min(1).max(100).default(50),
  })
  .refine(({ before, after, around }) => [before, after, around].filter((each) => each !== undefined).length <= 1, {
    error: 'expected at most one of before, after and around',
  });
const output = z.object({ messages: z.array(message) });

/** Messages of a channel. */
export const listMessages = (discord: DiscordClient) =>
  action({
    description: 'Reads messages of a channel or thread, newest first; the page after it is `before` its last message.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'messages',
    async run({ channel_id, ...query }, { http }) {
      const path = `/channels/${channel_id}/messages`;
      const schema = z.array(messageAnswer).nullable();
      const found = await discord.send(http, { method: 'GET', path, query, what: 'to read messages', schema });
      return { messages: (found ?? []).map(toMessage) };
    },
  });
