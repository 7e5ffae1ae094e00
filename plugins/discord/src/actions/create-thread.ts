import { action, InvalidInputError } from '@automate/sdk';
import { textUpTo } from '@automate/sdk/exchange';
import { z } from 'zod';
import type { DiscordClient } from '../discord-client.ts';
import { contents, needsContents, snowflake } from '../message.ts';
import { thread, threadAnswer, toThread } from '../thread.ts';

/** Discord's numbers of the types of threads. */
const PUBLIC_THREAD = 11;
const PRIVATE_THREAD = 12;

const input = z.strictObject({
  channel_id: snowflake,
  name: textUpTo(100).min(1),
  message_id: snowflake.optional().describe('The message that it begins with; without one it stands by itself'),
  private: z.boolean().default(false).describe('Only for those who are invited; not from a message'),
  message: z
    .strictObject(contents)
    .refine(needsContents.check, { error: needsContents.error })
    .optional()
    .describe('The first post, which threads of a forum or media channel must have'),
  auto_archive_minutes: z
    .union([z.literal(60), z.literal(1440), z.literal(4320), z.literal(10_080)])
    .optional()
    .describe('Hidden after so many minutes without a message'),
});

/** Starts a thread. */
export const createThread = (discord: DiscordClient) =>
  action({
    description: 'Starts a thread from a message, by itself, or as a post of a forum.',
    input,
    output: thread,
    sideEffects: true,
    idempotent: false,
    idempotencyKey: false,
    rateLimitClass: 'threads',
    async run({ channel_id, message_id, name, message, private: isPrivate, auto_archive_minutes }, { http }) {
      if (message_id !== undefined && (isPrivate || message !== undefined))
        throw new InvalidInputError(
          'message_id: a thread from a message is as public as that message, which is its first post',
          {
            problems: [{ path: 'message_id', expected: 'nothing beside private or message', received: 'an id' }],
          },
        );
      const from = message_id === undefined ? '' : `/messages/${message_id}`;
      const kind = message_id === undefined && message === undefined ? threadType(isPrivate) : {};
      const made = await discord.send(http, {
        method: 'POST',
        path: `/channels/${channel_id}${from}/threads`,
        what: 'to start a thread',
        json: {
          name,
          ...kind,
          ...(message === undefined ? {} : { message }),
          ...(auto_archive_minutes === undefined ? {} : { auto_archive_duration: auto_archive_minutes }),
        },
        schema: threadAnswer,
      });
      return toThread(made);
    },
  });

function threadType(isPrivate: boolean): { readonly type: number } {
  return { type: isPrivate ? PRIVATE_THREAD : PUBLIC_THREAD };
}
