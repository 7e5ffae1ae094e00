import { action } from '@automate/sdk';
import { z } from 'zod';
import { nextPage, page, teamId } from '../inputs.ts';
import { channel, channelsAnswer, nextCursor, parseAnswer, toChannel } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  types: z
    .array(z.enum(['public_channel', 'private_channel', 'mpim', 'im']))
    .min(1)
    .default(['public_channel'])
    .describe('Which conversations'),
  exclude_archived: z.boolean().default(false),
  ...page,
  ...teamId,
});
const output = z.object({
  channels: z.array(channel),
  ...nextPage,
});

/** Lists conversations, a page at a time. */
export const listChannels = (slack: SlackClient) =>
  action({
    description: 'Lists channels and other conversations, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'conversations.list',
    async run({ types, ...rest }, { http }) {
      const answer = await slack.call(http, 'conversations.list', { ...rest, types: types.join(',') });
      const { channels } = parseAnswer(channelsAnswer, answer, 'conversations.list');
      return { channels: channels.map(toChannel), ...nextCursor(answer) };
    },
  });
