import { action } from '@automate/sdk';
import { z } from 'zod';
import { teamId } from '../inputs.ts';
import { channel, channelAnswer, parseAnswer, toChannel } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  name: z.string().min(1).max(80).describe('Lower case letters, digits, hyphens and underscores'),
  is_private: z.boolean().default(false),
  ...teamId,
});
const output = z.object({ channel });

/** Creates a channel. */
export const createChannel = (slack: SlackClient) =>
  action({
    description:
      'Creates a channel, which the app is then in; ALREADY_EXISTS where the name is taken, by an archived channel too.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'conversations.create',
    async run(wanted, { http }) {
      const answer = await slack.call(http, 'conversations.create', wanted);
      return { channel: toChannel(parseAnswer(channelAnswer, answer, 'conversations.create').channel) };
    },
  });
