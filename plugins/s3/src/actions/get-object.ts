import { action, InvalidInputError } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, MAX_BODY_BYTES, versionId } from '../inputs.ts';
import { objectInfo, toObjectInfo } from '../outputs.ts';
import { readBody } from '../read-body.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key,
  version_id: versionId,
  range: z
    .strictObject({
      start: z.int().nonnegative().optional().describe('First byte, from 0'),
      end: z.int().nonnegative().optional().describe('Last byte, included'),
      last: z.int().positive().optional().describe('Instead of both: that many bytes from the end'),
    })
    .refine(
      ({ start, end, last }) => (last === undefined ? start !== undefined : start === undefined && end === undefined),
      {
        error: 'expected start, start and end, or last alone',
      },
    )
    .optional()
    .describe('Only these bytes'),
  as: z.enum(['base64', 'text']).default('base64').describe('How the bytes are given; `text` must be UTF-8'),
  max_bytes: z
    .int()
    .min(1)
    .max(MAX_BODY_BYTES)
    .default(MAX_BODY_BYTES)
    .describe('Most bytes; more are an error. Larger objects are read in ranges, or by `presign_get`'),
});
const output = z.object({
  ...objectInfo,
  size: z.int().nonnegative().describe('Bytes given here'),
  total_size: z.int().nonnegative().describe('Bytes of the whole object'),
  base64: z.string().optional(),
  text: z.string().optional(),
});

/** Reads an object, or a range of it. */
export const getObject = (s3: S3Client) =>
  action({
    description: 'Reads an object, or a range of its bytes, as base64 or text.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const what = `GetObject of "${bucket}/${payload.key}"`;
      return s3.run(context, what, async ({ sdk, aws, options, signal }) => {
        const command = new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: payload.key,
          VersionId: payload.version_id,
          Range: payload.range === undefined ? undefined : toRange(payload.range),
        });
        const answer = await aws.send(command, options);
        const bytes = await readBody(answer, { what, most: payload.max_bytes, signal });
        return {
          ...toObjectInfo(answer),
          size: bytes.byteLength,
          total_size: Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? bytes.byteLength),
          ...(payload.as === 'text' ? { text: toText(bytes, what) } : { base64: bytes.toString('base64') }),
        };
      });
    },
  });

function toRange({ start, end, last }: NonNullable<z.output<typeof input>['range']>): string {
  return last === undefined ? `bytes=${start}-${end ?? ''}` : `bytes=-${last}`;
}

function toText(bytes: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidInputError(`${what} gave bytes that are not UTF-8; ask for them as base64`, {
      details: { reason: 'not_utf8' },
      cause,
    });
  }
}
