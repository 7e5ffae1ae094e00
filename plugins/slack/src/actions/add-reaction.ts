import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId, emojiName } from '../inputs.ts';
import { messageTs } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ts: messageTs.describe('`ts` of the message'), name: emojiName });
const output = z.object({ added: z.boolean() });

/** Adds a reaction. */
export const addReaction = (slack: SlackClient) =>
  action({
    description: 'Adds an emoji reaction to a message; ALREADY_EXISTS where the app has reacted so before.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'reactions.add',
    async run({ channel, ts, name }, context) {
      await slack.callOnce(context, 'reactions.add', { channel, timestamp: ts, name }, 'already_reacted');
      return { added: true };
    },
  });
