import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId });
const output = z.object({ archived: z.boolean() });

/** Archives a channel. */
export const archiveChannel = (slack: SlackClient) =>
  action({
    description: 'Archives a channel; ALREADY_EXISTS where it is archived before.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'conversations.archive',
    async run(wanted, context) {
      await slack.callOnce(context, 'conversations.archive', wanted, 'already_archived');
      return { archived: true };
    },
  });
