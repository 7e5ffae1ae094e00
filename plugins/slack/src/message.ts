import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
export const jsonValue: z.ZodType<JsonValue> = z.any();

/** Most blocks that Slack takes in one message. */
const MAX_BLOCKS = 50;

/** What a message says. Empty lists and an empty text are as good as none, and take away what stood there. */
export const contents = {
  text: z.string().optional().describe("The message in Slack's mrkdwn; with blocks, the text of notifications"),
  blocks: z
    .array(z.looseObject({ type: z.string().min(1) }))
    .max(MAX_BLOCKS)
    .optional()
    .describe('Block Kit blocks'),
  attachments: z.array(z.looseObject({})).max(100).optional().describe('Attachments, the older form of blocks'),
};

type Contents = { readonly [part in keyof typeof contents]?: string | readonly unknown[] | undefined };

/** A new message says something. */
export const needsContents = {
  check: ({ text = '', blocks = [], attachments = [] }: Contents) =>
    [text, blocks, attachments].some((part) => part.length > 0),
  error: 'expected text, blocks or attachments that are not empty',
  meta: { anyOf: [{ required: ['text'] }, { required: ['blocks'] }, { required: ['attachments'] }] },
};

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
