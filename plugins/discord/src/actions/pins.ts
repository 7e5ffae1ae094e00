import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { snowflake } from '../message.ts';
import { putOrDelete } from '../put-or-delete.ts';

const input = z.strictObject({ channel_id: snowflake, message_id: snowflake });

const pin = {
  input,
  path: ({ channel_id, message_id }: z.output<typeof input>) => `/channels/${channel_id}/messages/pins/${message_id}`,
  rateLimitClass: 'pins',
};

/** Pins a message. */
export const pinMessage = (discord: DiscordClient) =>
  putOrDelete(discord, pin, {
    method: 'PUT',
    description: 'Pins a message to its channel.',
    what: 'to pin the message',
    done: 'pinned',
  });

/** Unpins a message. */
export const unpinMessage = (discord: DiscordClient) =>
  putOrDelete(discord, pin, {
    method: 'DELETE',
    description: 'Takes a message from the pinned ones of its channel.',
    what: 'to unpin the message',
    done: 'unpinned',
  });
