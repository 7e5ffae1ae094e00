import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { messageTs } from '../message.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ts: messageTs.describe('`ts` of the message') });
const output = z.object({ permalink: z.string() });

/** The address of a message. */
export const getPermalink = (slack: SlackClient) =>
  action({
    description: 'Gives the address under which people open a message.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'chat.getPermalink',
    async run({ channel, ts }, { http }) {
      const answer = await slack.call(http, 'chat.getPermalink', { channel, message_ts: ts });
      return parseAnswer(output, answer, 'chat.getPermalink');
    },
  });
