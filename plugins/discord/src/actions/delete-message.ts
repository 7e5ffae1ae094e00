import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });
const output = z.object({ deleted: z.boolean() });

/** Deletes a message. */
export const deleteMessage = (discord: DiscordClient) =>
  action({
    description: 'Deletes a message.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'messages',
    async run({ channel_id, message_id }, { http }) {
      await discord.send(http, {
        method: 'DELETE',
        path: `/channels/${channel_id}/messages/${message_id}`,
        what: 'to delete the message',
        schema: z.undefined(),
      });
      return { deleted: true };
    },
  });
