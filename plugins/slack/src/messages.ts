import type { JsonObject } from '@automate/sdk';
import { z } from 'zod';
import { nextPage } from './inputs.ts';
import { jsonValue } from './message.ts';
import { nextCursor, parseAnswer } from './outputs.ts';

/** Who reacted how to a message. */
export const reaction = z.object({
  name: z.string(),
  count: z.number(),
  users: z.array(z.string()).describe('Ids of users; Slack may leave some out of a message that it lists'),
});

/** A message that exists. */
const message = z.object({
  ts: z.string().describe("The message's identity within its channel"),
  type: z.string().optional(),
  subtype: z.string().optional(),
  user: z.string().optional().describe('Id of who wrote it'),
  bot_id: z.string().nullish(),
  username: z.string().nullish(),
  text: z.string().optional(),
  thread_ts: z.string().optional().describe('`ts` of the message that its thread began with'),
  reply_count: z.number().optional(),
  edited: z.object({ user: z.string().optional(), ts: z.string() }).optional(),
  reactions: z.array(reaction).optional(),
  blocks: z.array(jsonValue).optional(),
  attachments: z.array(jsonValue).optional(),
  files: z.array(jsonValue).optional().describe('As Slack describes them'),
});

/** One page of messages. */
export const messagesPage = z.object({ messages: z.array(message), ...nextPage });

const answer = z.object({ messages: z.array(message) });

export function toMessagesPage(given: JsonObject): z.output<typeof messagesPage> {
  return { ...parseAnswer(answer, given, 'conversations'), ...nextCursor(given) };
}
