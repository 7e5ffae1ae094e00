import { action } from '@automate/sdk';
import { z } from 'zod';
import { channelId, period, page } from '../inputs.ts';
import { messagesPage, toMessagesPage } from '../messages.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({ channel: channelId, ...period, ...page });

/** Messages of a conversation. */
export const getHistory = (slack: SlackClient) =>
  action({
    description:
      'Reads the messages of a conversation, newest first, a page at a time; replies within threads are not among them.',
    input,
    output: messagesPage,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'conversations.history',
    run: async (wanted, { http }) => toMessagesPage(await slack.call(http, 'conversations.history', wanted)),
  });
