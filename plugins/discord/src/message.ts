import type { JsonValue } from '@automate/sdk';
import { z } from 'zod';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
const jsonValue: z.ZodType<JsonValue> = z.any();

/** Discord's ids are 64-bit numbers, and so are written as text. */
export const snowflake = z.string().regex(/^\d{1,20}$/, 'expected an id: digits, as text');

const embed = z
  .object({
    title: z.string().max(256).optional(),
    description: z.string().max(4096).optional(),
    url: z.url().optional(),
    color: z.int().min(0).max(0xffffff).optional(),
    timestamp: z.string().optional().describe('ISO 8601'),
    fields: z
      .array(z.strictObject({ name: z.string().max(256), value: z.string().max(1024), inline: z.boolean().optional() }))
      .max(25)
      .optional(),
  })
  .catchall(jsonValue);

/** What a message says. */
export const contents = {
  content: z.string().min(1).max(2000).optional().describe('The text, in Markdown'),
  embeds: z.array(embed).min(1).max(10).optional().describe('Cards beneath the text'),
  allowed_mentions: z
    .strictObject({
      parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
      roles: z.array(snowflake).max(100).optional(),
      users: z.array(snowflake).max(100).optional(),
      replied_user: z.boolean().optional(),
    })
    .optional()
    .describe('Whom mentions in the text notify; `{"parse":[]}` notifies nobody'),
};

export const needsContents = {
  check: ({ content, embeds }: { content?: string | undefined; embeds?: unknown }) =>
    content !== undefined || embeds !== undefined,
  error: 'expected content or embeds',
  meta: { anyOf: [{ required: ['content'] }, { required: ['embeds'] }] },
};

/** A message as it stands. */
export const message = z.object({
  id: z.string(),
  channel_id: z.string(),
  content: z.string(),
  timestamp: z.string(),
  edited_timestamp: z.string().optional(),
  author: z.object({ id: z.string(), username: z.string() }),
});

export const messageAnswer = z.object({
  ...message.shape,
  edited_timestamp: z.string().nullish(),
});

export function toMessage(data: z.output<typeof messageAnswer>): z.output<typeof message> {
  const { edited_timestamp: edited, ...rest } = data;
  return { ...rest, ...(edited === undefined || edited === null ? {} : { edited_timestamp: edited }) };
}
