import { action } from '@automate/sdk';
import { z } from 'zod';
import { contents, messageOptions, needsContents } from '../message.ts';
import { postedMessage, toPostedMessage } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z
  .strictObject({
    channel: z.string().min(1).describe('Id of a channel, a conversation or a user'),
    ...contents,
    thread_ts: z.string().min(1).optional().describe('`ts` of the message to reply to'),
    reply_broadcast: z.boolean().optional().describe('Whether the reply is shown in the channel too'),
    ...messageOptions,
  })
  .refine(needsContents.check, { error: needsContents.error })
  .meta(needsContents.meta);

/** Posts a message. */
export const sendMessage = (slack: SlackClient) =>
  action({
    description: 'Posts a message to a channel, a thread or a user, as text, as blocks or both.',
    input,
    output: postedMessage,
    sideEffects: true,
    idempotent: false,
    rateLimitClass: 'chat.postMessage',
    run: async (message, { http }) => toPostedMessage(await slack.call(http, 'chat.postMessage', message)),
  });
