import type { JsonValue } from '@automate/sdk';
import { isWholeJson, textUpTo } from '@automate/sdk/exchange';
import { z } from 'zod';

/** Any JSON: a payload is JSON already, so that nothing is left to check. */
const jsonValue: z.ZodType<JsonValue> = z.any();

/** Discord's ids are 64-bit numbers, and so are written as text. */
export const snowflake = z.string().regex(/^\d{1,20}$/, 'expected an id: digits, as text');

const embed = z
  .object({
    title: textUpTo(256).optional(),
    description: textUpTo(4096).optional(),
    url: z.url().optional(),
    color: z.int().min(0).max(0xffffff).optional(),
    timestamp: z.string().optional().describe('ISO 8601'),
    fields: z
      .array(z.strictObject({ name: textUpTo(256), value: textUpTo(1024), inline: z.boolean().optional() }))
      .max(25)
      .optional(),
  })
  .catchall(jsonValue)
  .refine(isWholeJson, { error: 'expected whole characters, not half of one' });

/** An emoji as Discord takes it. Digits and `#`, `*` are one with the sign of a keycap only. */
export const emoji = z
  .string()
  .regex(
    /^(\w{2,32}:\d{1,20}|[#*\d]\uFE0F?\u20E3|[^\w\s./:\p{Cs}]+)$/u,
    'expected an emoji such as 👍, or one of the server as name:id',
  )
  .describe('An emoji such as 👍, or one of the server as `name:id`');

/** What a message says. */
export const contents = {
  content: textUpTo(2000).optional().describe('The text, in Markdown'),
  embeds: z.array(embed).max(10).optional().describe('Cards beneath the text'),
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

/** A new message says something: empty texts and lists are as good as none. */
export const needsContents = {
  check: ({
    content = '',
    embeds = [],
    files = [],
  }: Partial<Record<'content' | 'embeds' | 'files', { length: number } | undefined>>) =>
    [content, embeds, files].some((part) => part.length > 0),
  error: 'expected content, embeds or files that are not empty',
};

/** A message as it stands. Empty lists are left out. */
export const message = z.object({
  id: z.string(),
  channel_id: z.string(),
  content: z.string(),
  timestamp: z.string(),
  edited_timestamp: z.string().optional(),
  author: z.object({ id: z.string(), username: z.string() }),
  embeds: z.array(jsonValue).optional(),
  attachments: z
    .array(z.object({ id: z.string(), filename: z.string(), size: z.int().describe('Bytes'), url: z.string() }))
    .optional(),
  reactions: z
    .array(z.object({ emoji: z.string(), count: z.int() }))
    .optional()
    .describe('Custom emoji as `name:id`'),
  reply_to: z.string().optional().describe('Id of the message that it answers'),
  pinned: z.boolean().optional(),
});

export const messageAnswer = z.object({
  ...message.shape,
  edited_timestamp: z.string().nullish(),
  reactions: z
    .array(z.object({ count: z.int(), emoji: z.object({ id: z.string().nullish(), name: z.string().nullish() }) }))
    .optional(),
  message_reference: z.object({ message_id: z.string().nullish() }).nullish(),
});

export function toMessage(data: z.output<typeof messageAnswer>): z.output<typeof message> {
  const { edited_timestamp: edited, embeds = [], attachments = [], reactions = [], pinned, ...rest } = data;
  const { message_reference: reference, ...plain } = rest;
  return {
    ...plain,
    ...(typeof edited === 'string' ? { edited_timestamp: edited } : {}),
    ...(embeds.length === 0 ? {} : { embeds }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(reactions.length === 0
      ? {}
      : { reactions: reactions.map(({ emoji, count }) => ({ emoji: emojiName(emoji), count })) }),
    ...(typeof reference?.message_id === 'string' ? { reply_to: reference.message_id } : {}),
    ...(pinned === true ? { pinned } : {}),
  };
}

function emojiName({ id, name }: { id?: string | null | undefined; name?: string | null | undefined }): string {
  return typeof id === 'string' ? `${name ?? ''}:${id}` : (name ?? '');
}
