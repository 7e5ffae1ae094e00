import type { HttpRequest, JsonObject } from '@automate/sdk';
import { textUpTo, wholeText } from '@automate/sdk/exchange';
import { z } from 'zod';

/** Most bytes of all files of a message: as base64 they still fit into a payload. */
const MAX_BYTES = 2 * 1024 * 1024;

const file = z
  .strictObject({
    filename: textUpTo(255).min(1),
    text: wholeText.optional().describe('The content as text'),
    base64: z.base64().optional().describe('The content as bytes'),
    description: textUpTo(1024).optional().describe('What an image shows, for screen readers'),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: 'expected either text or base64',
  });

/** Files that go along with a message. */
export const files = z
  .array(file)
  .max(10)
  .refine((all) => all.reduce((sum, file) => sum + bytesOf(file).byteLength, 0) <= MAX_BYTES, {
    error: `expected at most ${MAX_BYTES} bytes in all`,
  })
  .optional()
  .describe(`At most ${MAX_BYTES} bytes in all`);

type File = z.output<typeof file>;

/** A message with its files as Discord takes them: the message as JSON in one part, each file in another. */
export function withFiles(json: JsonObject, given: readonly File[]): Pick<HttpRequest, 'json' | 'multipart'> {
  if (given.length === 0) return { json };
  const attachments = given.map(({ filename, description }, id) => ({
    id,
    filename,
    ...(description === undefined ? {} : { description }),
  }));
  const parts = given.map((file, index) => ({
    name: `files[${index}]`,
    value: bytesOf(file),
    filename: file.filename,
  }));
  return { multipart: [{ name: 'payload_json', value: JSON.stringify({ ...json, attachments }) }, ...parts] };
}

function bytesOf({ text, base64 = '' }: File): Uint8Array {
  return text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text);
}
