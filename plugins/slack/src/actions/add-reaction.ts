import { action } from '@automate/sdk';
import { z } from 'zod';
import { messageTs } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  channel: z.string().min(1).describe('Id of the channel'),
  ts: messageTs.describe('`ts` of the message'),
  name: z
    .string()
    .regex(/^[^:\s]+(::skin-tone-[2-6])?$/)
    .describe('Name of the emoji without colons, e.g. `thumbsup`'),
});
const output = z.object({ added: z.boolean() });

/** Adds a reaction. */
export const addReaction = (slack: SlackClient) =>
  action({
    description: 'Adds an emoji reaction to a message; ALREADY_EXISTS where the app has reacted so before.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    rateLimitClass: 'reactions.add',
    async run({ channel, ts, name }, { http }) {
      await slack.call(http, 'reactions.add', { channel, timestamp: ts, name });
      return { added: true };
    },
  });
