import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { contents, message, messageAnswer, snowflake, toMessage } from '../message.ts';

const input = z
  .strictObject({ channel_id: snowflake, message_id: snowflake.describe('Id of a message of the bot'), ...contents })
  .refine(({ content, embeds }) => content !== undefined || embeds !== undefined, {
    error: 'expected content or embeds',
  });

/** Replaces what a message of the bot says. */
export const editMessage = (discord: DiscordClient) =>
  action({
    description:
      'Replaces text or embeds of a message that the bot has sent; what is left out stays, and an empty text or list takes away.',
    input,
    output: message,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'messages',
    async run({ channel_id, message_id, ...rest }, { http }) {
      const edited = await discord.send(http, {
        method: 'PATCH',
        path: `/channels/${channel_id}/messages/${message_id}`,
        what: 'to edit the message',
        json: rest,
        schema: messageAnswer,
      });
      return toMessage(edited);
    },
  });
