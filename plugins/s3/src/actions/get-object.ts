import { action, InvalidInputError } from '@automate/sdk';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { asNotModified, notModified, readConditions, toConditions } from '../conditions.ts';
import { bucketOrDefault, key, MAX_BODY_BYTES, versionId } from '../inputs.ts';
import { objectInfo, toObjectInfo } from '../outputs.ts';
import { readBody } from '../read-body.ts';
import type { S3Client } from '../s3-client.ts';
import { badAnswer } from '../s3-error.ts';
import { toText } from '../to-text.ts';

/** What a result holds, less room for what is said beside the text. */
const MAX_JSON_BYTES = 3 * 1024 * 1024 - 64 * 1024;

const range = z
  .strictObject({
    start: z.int().nonnegative().optional().describe('First byte, from 0'),
    end: z.int().nonnegative().optional().describe('Last byte, included'),
    last: z.int().positive().optional().describe('Instead of both: that many bytes from the end'),
  })
  .refine(
    ({ start, end, last }) => (last === undefined ? start !== undefined : start === undefined && end === undefined),
    { error: 'expected start, start and end, or last alone' },
  )
  .refine(({ start = 0, end = start }) => end >= start, { error: 'expected an end that is not before the start' });
type Range = z.output<typeof range>;

const input = z.strictObject({
  bucket: bucketOrDefault,
  key,
  version_id: versionId,
  ...readConditions,
  range: range.optional().describe('Only these bytes'),
  as: z
    .enum(['base64', 'text'])
    .default('base64')
    .describe('How the bytes are given; `text` is read in the charset of `content_type`, by default UTF-8'),
  max_bytes: z
    .int()
    .min(1)
    .max(MAX_BODY_BYTES)
    .default(MAX_BODY_BYTES)
    .describe('Most bytes; more are an error. Larger objects are read in ranges, or by `presign_get`'),
});
const output = z.object({
  not_modified: notModified,
  ...objectInfo,
  size: z.int().nonnegative().optional().describe('Bytes given here'),
  total_size: z.int().nonnegative().optional().describe('Bytes of the whole object'),
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
        const { range: asked } = payload;
        const command = new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: payload.key,
          VersionId: payload.version_id,
          ...toConditions(payload),
          ...(asked === undefined ? { ChecksumMode: 'ENABLED' } : { Range: toRange(asked) }),
        });
        let answer: GetObjectCommandOutput;
        try {
          answer = await aws.send(command, options);
        } catch (thrown) {
          const unchanged = asNotModified(thrown);
          if (unchanged === undefined) throw thrown;
          return unchanged;
        }
        const bytes = await readBody(answer, { what, most: payload.max_bytes, signal });
        const total = asked === undefined ? bytes.byteLength : totalOf(asked, answer.ContentRange, bytes.byteLength);
        if (total === undefined) {
          throw badAnswer(
            { what, endpoint: s3.endpoint },
            `${answer.ContentRange ?? 'all bytes'} for ${toRange(asked)}`,
          );
        }
        return {
          ...toObjectInfo(answer),
          size: bytes.byteLength,
          total_size: total,
          ...(payload.as === 'text'
            ? { text: fitting(toText(bytes, answer.ContentType, what), what) }
            : { base64: bytes.toString('base64') }),
        };
      });
    },
  });

function toRange({ start, end, last }: Range = {}): string {
  return last === undefined ? `bytes=${start}-${end ?? ''}` : `bytes=-${last}`;
}

/** Bytes of the whole object; undefined where the service has given another part than the one that was asked for. */
function totalOf(asked: Range, given: string | undefined, size: number): number | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(given ?? '');
  if (given !== undefined && found === null) return undefined;
  const [from, to, total] = (found ?? []).slice(1).map(Number);
  const [first = 0, whole = size] = [from, total];
  // Without a range the answer is the whole object, which may be what was asked for.
  const { start = Math.max(0, whole - (asked.last ?? 0)), end = whole - 1 } = asked;
  const fits =
    first === start && first + size - 1 === Math.min(end, whole - 1) && (to ?? size - 1) === first + size - 1;
  return fits ? whole : undefined;
}

/** Characters that JSON must escape make a text longer. */
function fitting(text: string, what: string): string {
  if (Buffer.byteLength(JSON.stringify(text)) <= MAX_JSON_BYTES) return text;
  throw new InvalidInputError(
    `${what} gave text that is too long for a result once it is JSON; ask for base64 or a range`,
    {
      details: { reason: 'object_too_large' },
    },
  );
}
