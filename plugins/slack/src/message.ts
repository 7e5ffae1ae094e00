import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
const jsonValue: z.ZodType<JsonValue> = z.any();

/** Most blocks that Slack takes in one message. */
const MAX_BLOCKS = 50;

export const blocks = z
  .array(z.looseObject({ type: z.string().min(1) }))
  .min(1)
  .max(MAX_BLOCKS)
  .describe('Block Kit blocks');

export const attachments = z.array(z.looseObject({})).min(1).max(100).describe('Attachments, the older form of blocks');

/** How a new message looks. */
export const messageOptions = {
  mrkdwn: z.boolean().optional().describe('Whether mrkdwn in `text` is interpreted'),
  unfurl_links: z.boolean().optional().describe('Whether links are shown with a preview'),
  unfurl_media: z.boolean().optional().describe('Whether media are shown with a preview'),
  link_names: z.boolean().optional().describe('Whether names of channels and users become links'),
  username: z.string().min(1).optional().describe("Shown instead of the app's name"),
  icon_emoji: z.string().min(1).optional().describe("Shown instead of the app's icon, e.g. `:robot_face:`"),
  icon_url: z.url().optional().describe("Shown instead of the app's icon"),
  metadata: z
    .strictObject({ event_type: z.string().min(1), event_payload: z.record(z.string(), jsonValue) })
    .optional()
    .describe('Facts for programs that read the message'),
};

/** `ts` of a message, e.g. `1503435956.000247`. */
export const messageTs = z.string().regex(/^\d+\.\d+$/);
