import { z } from 'zod';
import { messageTs } from './message.ts';

export const channelId = z.string().min(1).describe('Id of the channel');

export const userIds = z.array(z.string().regex(/^[UW][A-Z0-9]+$/, 'expected the id of a user')).min(1);

/** An emoji as Slack names it. */
export const emojiName = z
  .string()
  .regex(/^[^:\s]+(::skin-tone-[2-6])?$/)
  .describe('Name of the emoji without colons, e.g. `thumbsup`');

/** The workspace that is meant, where a token is of a whole organization. */
export const teamId = {
  team_id: z.string().min(1).optional().describe('The workspace, for tokens of a whole organization'),
};

/** A stretch of time between two messages. */
export const period = {
  oldest: messageTs.optional().describe('Only messages after this `ts`'),
  latest: messageTs.optional().describe('Only messages before this `ts`. Default: now'),
  inclusive: z.boolean().optional().describe('Whether messages with exactly these `ts` are among them'),
};

/** Which page is wanted. */
export const page = {
  limit: z.int().min(1).max(999).default(200).describe('Most entries of one page; Slack may give fewer'),
  cursor: z.string().min(1).optional().describe('`next_cursor` of the page before'),
};

/** Where the next page begins. */
export const nextPage = {
  next_cursor: z.string().optional().describe('Where the next page begins; absent on the last one'),
};
