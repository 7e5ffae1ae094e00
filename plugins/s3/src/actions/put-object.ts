import { action, InvalidInputError } from '@automate/sdk';
import { wholeText } from '@automate/sdk/exchange';
import { z } from 'zod';
import { MAX_BODY_BYTES } from '../inputs.ts';
import type { S3Client } from '../s3-client.ts';
import { charsetOf } from '../to-text.ts';
import { putBytes, toWrite, writeInput, writeOutput } from '../write.ts';

const input = z
  .strictObject({
    base64: z
      .base64()
      .optional()
      .describe(
        'The bytes, at most 2 MiB; larger objects are written by `upload_file`, `upload_from_url` and `presign_put`',
      ),
    text: wholeText.optional().describe('The bytes as text, written as UTF-8'),
    ...writeInput,
  })
  .refine(({ base64, text }) => (base64 === undefined) !== (text === undefined), {
    error: 'expected either base64 or text',
  })
  .refine(({ text, content_type }) => text === undefined || /^utf-?8$/.test(charsetOf(content_type)), {
    path: ['content_type'],
    error: 'expected the charset utf-8, in which text is written; give the bytes of another one as base64',
  });

/** Writes an object; one of the same key is replaced. */
export const putObject = (s3: S3Client) =>
  action({
    description: 'Writes an object from base64 or text. An object of the same key is replaced.',
    input,
    output: writeOutput,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const write = toWrite(s3, payload);
      const body = Buffer.from(payload.base64 ?? payload.text ?? '', payload.base64 === undefined ? 'utf8' : 'base64');
      if (body.byteLength > MAX_BODY_BYTES) {
        const field = payload.base64 === undefined ? 'text' : 'base64';
        throw new InvalidInputError(
          `an object of ${body.byteLength} bytes is too large for a payload, which takes ${MAX_BODY_BYTES}; use upload_file, upload_from_url or presign_put`,
          {
            details: { reason: 'object_too_large', max_bytes: MAX_BODY_BYTES },
            problems: [
              { path: field, expected: `at most ${MAX_BODY_BYTES} bytes`, received: `${body.byteLength} bytes` },
            ],
          },
        );
      }
      return putBytes(s3, context, write, body);
    },
  });
