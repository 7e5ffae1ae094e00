import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId, nextPage, page } from '../inputs.ts';
import { nextCursor, parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ...page });
const members = z.array(z.string());
const output = z.object({ members: members.describe('Ids of users'), ...nextPage });

/** Who is in a conversation. */
export const listMembers = (slack: SlackClient) =>
  action({
    description: 'Lists the ids of those who are in a conversation, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'conversations.members',
    async run(wanted, { http }) {
      const answer = await slack.call(http, 'conversations.members', wanted);
      return { ...parseAnswer(z.object({ members }), answer, 'conversations.members'), ...nextCursor(answer) };
    },
  });
