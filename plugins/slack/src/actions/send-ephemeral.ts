import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { messageOptions, messageTs, needsContents, contents } from '../message.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const { username, icon_emoji, icon_url, link_names } = messageOptions;
const input = z
  .strictObject({
    channel: channelId,
    user: z.string().min(1).describe('Id of the one who sees it; must be in the channel'),
    ...contents,
    thread_ts: messageTs.optional().describe('`ts` of the message to reply to'),
    ...{ username, icon_emoji, icon_url, link_names },
  })
  .refine(needsContents.check, { error: needsContents.error })
  .meta(needsContents.meta);
const output = z.object({ ts: z.string().describe('Identity of the message; it cannot be changed or deleted by it') });
const answer = z.object({ message_ts: z.string() });

/** Posts a message that one user sees. */
export const sendEphemeral = (slack: SlackClient) =>
  action({
    description:
      'Posts a message to a channel that only one user sees, until they reload; Slack does not promise that it arrives.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'chat.postEphemeral',
    async run(message, { http }) {
      const posted = await slack.call(http, 'chat.postEphemeral', message);
      return { ts: parseAnswer(answer, posted, 'chat.postEphemeral').message_ts };
    },
  });
