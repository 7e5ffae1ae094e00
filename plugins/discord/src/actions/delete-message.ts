import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });
const output = z.object({ deleted: z.boolean() });

/** Discord's code for a message that is not there. */
const UNKNOWN_MESSAGE = 10_008;

/** Deletes a message. */
export const deleteMessage = (discord: DiscordClient) =>
  action({
    description: 'Deletes a message.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'messages',
    async run({ channel_id, message_id }, { http, repeated }) {
      const path = `/channels/${channel_id}/messages/${message_id}`;
      try {
        await discord.send(http, { method: 'DELETE', path, what: 'to delete the message', schema: z.undefined() });
      } catch (error) {
        const isGone = ConnectorError.is(error) && error.details?.['discord_code'] === UNKNOWN_MESSAGE;
        // The attempt before may have deleted it.
        if (!repeated || !isGone) throw error;
      }
      return { deleted: true };
    },
  });
