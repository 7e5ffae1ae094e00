import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';

const input = z.strictObject({ user_id: snowflake });
const output = z.object({ channel_id: z.string().describe('For `send_message`') });

/** Opens a direct message. */
export const openDm = (discord: DiscordClient) =>
  action({
    description: 'Opens a direct message with a user; one that is open already is given back.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass: 'dms',
    async run({ user_id }, { http }) {
      const { id } = await discord.send(http, {
        method: 'POST',
        path: '/users/@me/channels',
        what: 'to open a direct message',
        json: { recipient_id: user_id },
        schema: z.object({ id: z.string() }),
      });
      return { channel_id: id };
    },
  });
