import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { messageTs } from '../message.ts';
import { reaction } from '../messages.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ts: messageTs.describe('`ts` of the message') });
const output = z.object({ reactions: z.array(reaction) });
const answer = z.object({ message: z.object({ reactions: z.array(reaction).default([]) }) });

/** Reactions to a message. */
export const getReactions = (slack: SlackClient) =>
  action({
    description: 'Gives the reactions to a message, with everyone who reacted.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'reactions.get',
    async run({ channel, ts }, { http }) {
      const asked = await slack.call(http, 'reactions.get', { channel, timestamp: ts, full: true });
      return { reactions: parseAnswer(answer, asked, 'reactions.get').message.reactions };
    },
  });
