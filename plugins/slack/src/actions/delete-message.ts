import { action } from '@automate/sdk';
import { z } from 'zod';
import { messageTs } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  channel: z.string().min(1).describe('Id of the channel'),
  ts: messageTs.describe('`ts` of the message'),
});
const output = z.object({ deleted: z.boolean(), channel: z.string(), ts: z.string() });

/** Deletes a message. */
export const deleteMessage = (slack: SlackClient) =>
  action({
    description: 'Deletes a message.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'chat.delete',
    async run(message, { http }) {
      await slack.call(http, 'chat.delete', message);
      return { deleted: true, channel: message.channel, ts: message.ts };
    },
  });
