import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });
const output = z.object({ unpinned: z.boolean() });

/** Unpins a message. */
export const unpinMessage = (discord: DiscordClient) =>
  action({
    description: 'Takes a message from the pinned ones of its channel.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'pins',
    async run({ channel_id, message_id }, { http }) {
      const path = `/channels/${channel_id}/messages/pins/${message_id}`;
      await discord.send(http, { method: 'DELETE', path, what: 'to unpin the message', schema: z.undefined() });
      return { unpinned: true };
    },
  });
