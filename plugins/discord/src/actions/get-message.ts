import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { message, messageAnswer, snowflake, toMessage } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });

/** One message. */
export const getMessage = (discord: DiscordClient) =>
  action({
    description: 'Reads one message.',
    input,
    output: message,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'messages',
    async run({ channel_id, message_id }, { http }) {
      const path = `/channels/${channel_id}/messages/${message_id}`;
      return toMessage(
        await discord.send(http, { method: 'GET', path, what: 'to read the message', schema: messageAnswer }),
      );
    },
  });
