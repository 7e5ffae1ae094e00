import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId, emojiName } from '../inputs.ts';
import { messageTs } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ts: messageTs.describe('`ts` of the message'), name: emojiName });
const output = z.object({ removed: z.boolean() });

/** Takes a reaction of the app back. */
export const removeReaction = (slack: SlackClient) =>
  action({
    description: "Takes the app's own emoji reaction to a message back; NOT_FOUND where there is none.",
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'reactions.remove',
    async run({ channel, ts, name }, context) {
      await slack.callOnce(context, 'reactions.remove', { channel, timestamp: ts, name }, 'no_reaction');
      return { removed: true };
    },
  });
