import { action } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { message, messageAnswer, snowflake, toMessage } from '../message.ts';

const input = z.strictObject({
  channel_id: snowflake,
  before: z.iso.datetime({ offset: true }).optional().describe('`next_before` of the page before'),
  limit: z.int().min(1).max(50).default(50),
});
const output = z.object({
  pins: z.array(z.object({ pinned_at: z.string(), message })),
  next_before: z.string().optional().describe('Where the next page begins; absent on the last one'),
});
const schema = z.object({
  items: z.array(z.object({ pinned_at: z.string(), message: messageAnswer })),
  has_more: z.boolean(),
});

/** Pinned messages of a channel. */
export const listPins = (discord: DiscordClient) =>
  action({
    description: 'Lists the pinned messages of a channel, the last one pinned first.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'pins',
    async run({ channel_id, ...query }, { http }) {
      const path = `/channels/${channel_id}/messages/pins`;
      const page = await discord.send(http, { method: 'GET', path, query, what: 'to list pins', schema });
      const last = page.items.at(-1);
      return {
        pins: page.items.map((pin) => ({ pinned_at: pin.pinned_at, message: toMessage(pin.message) })),
        ...(page.has_more && last !== undefined ? { next_before: last.pinned_at } : {}),
      };
    },
  });
