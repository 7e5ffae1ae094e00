import { action } from '@automate/sdk';
import { z } from 'zod';
import { attachments, blocks, messageOptions } from '../message.ts';
import { postedMessage, toPostedMessage } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z
  .strictObject({
    channel: z.string().min(1).describe('Id of a channel, a conversation or a user'),
    text: z
      .string()
      .min(1)
      .optional()
      .describe("The message in Slack's mrkdwn; with blocks, the text of notifications"),
    blocks: blocks.optional(),
    attachments: attachments.optional(),
    thread_ts: z.string().min(1).optional().describe('`ts` of the message to reply to'),
    reply_broadcast: z.boolean().optional().describe('Whether the reply is shown in the channel too'),
    ...messageOptions,
  })
  .refine((message) => [message.text, message.blocks, message.attachments].some((part) => part !== undefined), {
    error: 'expected text, blocks or attachments',
  })
  .meta({ anyOf: [{ required: ['text'] }, { required: ['blocks'] }, { required: ['attachments'] }] });

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
