import { action } from '@automate/sdk';
import { z } from 'zod';
import { nextPage, page, teamId } from '../inputs.ts';
import { nextCursor, parseAnswer, toUser, user, userData } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ ...page, ...teamId });
const output = z.object({ users: z.array(user), ...nextPage });
const answer = z.object({ members: z.array(userData) });

/** Lists the members of the workspace. */
export const listUsers = (slack: SlackClient) =>
  action({
    description: 'Lists the members of the workspace, those that have left and bots included, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'users.list',
    async run(wanted, { http }) {
      const listed = await slack.call(http, 'users.list', wanted);
      return { users: parseAnswer(answer, listed, 'users.list').members.map(toUser), ...nextCursor(listed) };
    },
  });
