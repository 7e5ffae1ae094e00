import { action } from '@automate/sdk';
import { z } from 'zod';
import { userIds } from '../inputs.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  users: userIds.max(8).describe('Ids of one user, or of several for a group, without the app itself'),
});
const output = z.object({ channel: z.string().describe('Id of the conversation, for `send_message`') });
const answer = z.object({ channel: z.object({ id: z.string() }) });

/** Opens a direct message. */
export const openConversation = (slack: SlackClient) =>
  action({
    description: 'Opens a direct message with one user or a group of them; one that is open already is given back.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'conversations.open',
    async run({ users }, { http }) {
      const opened = await slack.call(http, 'conversations.open', { users: users.join(',') });
      return { channel: parseAnswer(answer, opened, 'conversations.open').channel.id };
    },
  });
