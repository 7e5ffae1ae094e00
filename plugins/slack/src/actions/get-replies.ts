import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId, period, page } from '../inputs.ts';
import { messageTs } from '../message.ts';
import { messagesPage, toMessagesPage } from '../messages.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  channel: channelId,
  ts: messageTs.describe('`ts` of the message that the thread began with'),
  ...period,
  ...page,
});

/** Messages of a thread. */
export const getReplies = (slack: SlackClient) =>
  action({
    description: 'Reads a thread, oldest first, a page at a time: the message that it began with, then its replies.',
    input,
    output: messagesPage,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'conversations.replies',
    run: async (wanted, { http }) => toMessagesPage(await slack.call(http, 'conversations.replies', wanted)),
  });
