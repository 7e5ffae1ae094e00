import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import { channelId, userIds } from '../inputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, users: userIds.max(1000).describe('Ids of users') });
const output = z.object({ invited: z.boolean() });

/** Adds users to a channel. */
export const inviteToChannel = (slack: SlackClient) =>
  action({
    description:
      'Adds users to a channel that the app is in; ALREADY_EXISTS where one of them is in it before. None is added where one is refused.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'conversations.invite',
    async run({ channel, users }, context) {
      try {
        await slack.call(context.http, 'conversations.invite', { channel, users: users.join(',') });
      } catch (error) {
        if (!context.repeated || !areAllIn(users, error)) throw error;
      }
      return { invited: true };
    },
  });

const DONE = 'already_in_channel';
const refused = z.array(z.object({ user: z.string(), error: z.literal(DONE) }));

/** Whether it is the refusal of those that are in the channel, all of them: one who was before keeps the others out. */
function areAllIn(users: readonly string[], error: unknown): boolean {
  if (!ConnectorError.is(error) || error.details?.['slack_error'] !== DONE) return false;
  const { data = [] } = refused.safeParse(error.details['errors']);
  return users.length === 1 || users.every((id) => data.some(({ user }) => user === id));
}
