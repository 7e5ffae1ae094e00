import { z } from 'zod';

/** Most bytes of one value, in both directions. */
export const MAX_VALUE_BYTES = 2 * 1024 * 1024;
/** Most bytes of an answer written as JSON: below what every door of the service lets through. */
export const MAX_REPLY_BYTES = 2_900_000;
/** Most items of all lists of an answer. Each is an object until it is written, which a worker's memory must hold. */
export const MAX_ITEMS = 200_000;

/** Text, or bytes. */
export const value = z.union([
  z.string().describe('Text'),
  z.strictObject({
    base64: z
      .base64()
      .max(Math.ceil(MAX_VALUE_BYTES / 3) * 4)
      .describe(`Bytes, at most ${MAX_VALUE_BYTES}`),
  }),
]);
export type Value = z.output<typeof value>;

export const key = value.describe('Name of the key: text, or bytes as `{"base64": "…"}`');

/** What was found under a name. */
export const lookup = z.object({
  found: z.boolean(),
  value: value
    .optional()
    .describe('Text where the bytes are UTF-8, else `{"base64": "…"}`; absent if nothing was found'),
});

export const ttl = z.int().min(1).optional().describe('Milliseconds after which the key is gone. Default: it stays');
