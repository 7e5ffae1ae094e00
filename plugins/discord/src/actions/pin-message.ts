import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });
const output = z.object({ pinned: z.boolean() });

/** Pins a message. */
export const pinMessage = (discord: DiscordClient) =>
  action({
    description: 'Pins a message to its channel.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'pins',
    async run({ channel_id, message_id }, { http }) {
      const path = `/channels/${channel_id}/messages/pins/${message_id}`;
      await discord.send(http, { method: 'PUT', path, what: 'to pin the message', schema: z.undefined() });
      return { pinned: true };
    },
  });
