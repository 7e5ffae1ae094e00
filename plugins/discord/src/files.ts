import type { JsonObject } from '@automate/sdk';
import { z } from 'zod';

/** Most bytes of all files of a message: as base64 they still fit into a payload. */
const MAX_BYTES = 2 * 1024 * 1024;

const file = z
  .strictObject({
    filename: z.string().min(1).max(255),
    text: z.string().optional().describe('The content as text'),
    base64: z.base64().optional().describe('The content as bytes'),
    description: z.string().max(1024).optional().describe('What an image shows, for screen readers'),
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
export async function encodeFiles(
  json: JsonObject,
  given: readonly File[],
): Promise<{ readonly body: Uint8Array; readonly contentType: string }> {
  const form = new FormData();
  const attachments = given.map(({ filename, description }, id) => ({
    id,
    filename,
    ...(description === undefined ? {} : { description }),
  }));
  form.set('payload_json', JSON.stringify({ ...json, attachments }));
  given.forEach((file, index) => form.set(`files[${index}]`, new Blob([bytesOf(file)]), file.filename));
  const encoded = new Response(form);
  return {
    body: new Uint8Array(await encoded.arrayBuffer()),
    contentType: encoded.headers.get('content-type') ?? '',
  };
}

function bytesOf({ text, base64 = '' }: File): Buffer<ArrayBuffer> {
  return text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text);
}
