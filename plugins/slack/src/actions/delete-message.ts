import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { messageTs } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ts: messageTs.describe('`ts` of the message') });
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
    async run(message, context) {
      await slack.callOnce(context, 'chat.delete', message, 'message_not_found');
      return { deleted: true, ...message };
    },
  });
