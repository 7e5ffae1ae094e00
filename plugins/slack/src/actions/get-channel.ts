import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { channel, channelAnswer, parseAnswer, toChannel } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId });
const output = z.object({ channel });

/** One conversation. */
export const getChannel = (slack: SlackClient) =>
  action({
    description: 'Gives one conversation, with the number of its members.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'conversations.info',
    async run(wanted, { http }) {
      const answer = await slack.call(http, 'conversations.info', { ...wanted, include_num_members: true });
      return { channel: toChannel(parseAnswer(channelAnswer, answer, 'conversations.info').channel) };
    },
  });
