import { textUpTo } from '@automate/sdk/exchange';
import { z } from 'zod';

/** A list rather than a map, since any text is a key. */
export const tags = z
  .array(z.strictObject({ key: textUpTo(128).min(1), value: textUpTo(256) }))
  .max(10)
  .refine((list) => new Set(list.map((tag) => tag.key)).size === list.length, { error: 'expected each key once' });
export type Tags = z.output<typeof tags>;

/** Tags as the library takes them. */
export const toTagSet = (list: Tags) => list.map(({ key, value }) => ({ Key: key, Value: value }));

/** Tags as a header holds them: a query. */
export function toTagging(list: Tags | undefined): string | undefined {
  return list?.map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
}
