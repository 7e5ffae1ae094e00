import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId } from '../inputs.ts';
import { contents, messageOptions, messageTs, needsContents } from '../message.ts';
import { parseAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const { unfurl_links, unfurl_media, link_names, metadata } = messageOptions;
const input = z
  .strictObject({
    channel: channelId,
    post_at: z.iso
      .datetime({ offset: true })
      .describe('When it is posted, at most 120 days ahead: ISO 8601 with an offset; Slack keeps whole seconds'),
    ...contents,
    thread_ts: messageTs.optional().describe('`ts` of the message to reply to'),
    reply_broadcast: z.boolean().optional().describe('Whether the reply is shown in the channel too'),
    ...{ unfurl_links, unfurl_media, link_names, metadata },
  })
  .refine(needsContents.check, { error: needsContents.error })
  .meta(needsContents.meta);
const output = z.object({
  channel: z.string(),
  scheduled_message_id: z.string().describe('Identity until it is posted'),
  post_at: z.string().describe('ISO 8601'),
});
const answer = z.object({ channel: z.string(), scheduled_message_id: z.string(), post_at: z.coerce.number().int() });

/** Has Slack post a message later. */
export const scheduleMessage = (slack: SlackClient) =>
  action({
    description: 'Has Slack post a message at a time to come.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'chat.scheduleMessage',
    async run({ post_at, ...message }, { http }) {
      const seconds = Math.floor(Date.parse(post_at) / 1000);
      const scheduled = await slack.call(http, 'chat.scheduleMessage', { ...message, post_at: seconds });
      const known = parseAnswer(answer, scheduled, 'chat.scheduleMessage');
      return { ...known, post_at: new Date(known.post_at * 1000).toISOString() };
    },
  });
