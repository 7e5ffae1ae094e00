import { action } from '@automate/sdk';
import { z } from 'zod';
import { contents, messageTs, needsContents } from '../message.ts';
import { postedMessage, toPostedMessage } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z
  .strictObject({
    channel: z.string().min(1).describe('Id of the channel'),
    ts: messageTs.describe('`ts` of the message'),
    ...contents,
    link_names: z.boolean().optional(),
  })
  .refine((message) => [message.text, message.blocks, message.attachments].some((part) => part !== undefined), {
    error: 'expected text, blocks or attachments',
  })
  .meta(needsContents.meta);

/** Replaces a message. */
export const updateMessage = (slack: SlackClient) =>
  action({
    description:
      'Replaces the content of a message that the app has posted; an empty list takes blocks or attachments away.',
    input,
    output: postedMessage,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'chat.update',
    run: async (message, { http }) => toPostedMessage(await slack.call(http, 'chat.update', message)),
  });
