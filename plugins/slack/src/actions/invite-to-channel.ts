import { action } from '@automate/sdk';
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
      await slack.callOnce(context, 'conversations.invite', { channel, users: users.join(',') }, 'already_in_channel');
      return { invited: true };
    },
  });
