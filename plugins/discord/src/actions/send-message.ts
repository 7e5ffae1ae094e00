import { createHash } from 'node:crypto';
import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { files, withFiles } from '../files.ts';
import { contents, message, messageAnswer, needsContents, snowflake, toMessage } from '../message.ts';

const input = z
  .strictObject({
    channel_id: snowflake.describe('Id of the channel or thread'),
    ...contents,
    files,
    reply_to: snowflake.optional().describe('Id of the message in this channel that it answers'),
    tts: z.boolean().optional().describe('Whether it is read aloud'),
  })
  .refine(needsContents.check, { error: needsContents.error });

/** Most characters of a nonce. */
const NONCE_LENGTH = 25;

/** With an enforced nonce Discord gives back the message that was made with it within the last minutes, instead of another. */
function nonceOf(key: string): { readonly nonce: string; readonly enforce_nonce: true } {
  const nonce =
    key.length <= NONCE_LENGTH ? key : createHash('sha256').update(key).digest('base64url').slice(0, NONCE_LENGTH);
  return { nonce, enforce_nonce: true };
}

/** Sends a message as the bot. */
export const sendMessage = (discord: DiscordClient) =>
  action({
    description: 'Sends a message to a channel or thread as the bot: text, embeds, files or several of them.',
    input,
    output: message,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'messages',
    async run({ channel_id, reply_to, files: given = [], ...rest }, { http, idempotencyKey }) {
      const json = {
        ...rest,
        ...(reply_to === undefined ? {} : { message_reference: { message_id: reply_to } }),
        ...(idempotencyKey === undefined ? {} : nonceOf(idempotencyKey)),
      };
      const sent = await discord.send(http, {
        method: 'POST',
        path: `/channels/${channel_id}/messages`,
        what: 'to send a message',
        ...withFiles(json, given),
        schema: messageAnswer,
      });
      return toMessage(sent);
    },
  });
