import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, MAX_KEYS } from '../inputs.ts';
import { keyDecoder } from '../key-decoder.ts';
import { defined, toEtag } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { badAnswer } from '../s3-error.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  prefix: z.string().min(1).optional().describe('Only keys that begin so'),
  delimiter: z
    .string()
    .min(1)
    .optional()
    .describe('Keys that share what comes before it, after the prefix, are given once, in `prefixes`; usually "/"'),
  start_after: z.string().min(1).optional().describe('Only keys after this one'),
  continuation_token: z.string().min(1).optional().describe('`continuation_token` of the page before'),
  max_keys: z.int().min(1).max(MAX_KEYS).default(MAX_KEYS).describe('Most objects and prefixes of one page'),
});
const output = z.object({
  objects: z.array(
    z.object({
      key: z.string(),
      size: z.int().nonnegative().describe('Bytes'),
      etag: z.string().optional().describe('Without quotes'),
      last_modified: z.string().optional().describe('RFC 3339'),
      storage_class: z.string().optional(),
    }),
  ),
  prefixes: z.array(z.string()),
  truncated: z.boolean().describe('Whether there are more'),
  continuation_token: z.string().optional().describe('Where the next page begins; absent on the last one'),
});

/** Lists objects, a page at a time. */
export const listObjects = (s3: S3Client) =>
  action({
    description: 'Lists objects of a bucket, a page at a time, in the order of their keys.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const what = `ListObjectsV2 of "${bucket}"`;
      const answer = await s3.run(context, what, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: payload.prefix,
            Delimiter: payload.delimiter,
            StartAfter: payload.start_after,
            ContinuationToken: payload.continuation_token,
            MaxKeys: payload.max_keys,
            // Keys may hold characters that XML cannot.
            EncodingType: 'url',
          }),
          options,
        ),
      );
      const decode = keyDecoder(answer.EncodingType, { what, endpoint: s3.endpoint });
      const truncated = answer.IsTruncated ?? false;
      if (truncated && answer.NextContinuationToken === undefined) {
        throw badAnswer({ what, endpoint: s3.endpoint }, 'a page that is not the last, without a token for the next');
      }
      return defined({
        objects: (answer.Contents ?? []).map(({ Key, Size, ETag, LastModified, StorageClass }) =>
          defined({
            key: decode(Key),
            size: Size ?? 0,
            etag: toEtag(ETag),
            last_modified: LastModified?.toISOString(),
            storage_class: StorageClass,
          }),
        ),
        prefixes: (answer.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix)),
        truncated,
        continuation_token: truncated ? answer.NextContinuationToken : undefined,
      });
    },
  });
