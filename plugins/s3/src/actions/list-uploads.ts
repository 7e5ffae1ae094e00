import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, MAX_KEYS } from '../inputs.ts';
import { keyDecoder } from '../key-decoder.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { badAnswer } from '../s3-error.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  prefix: z.string().min(1).optional().describe('Only keys that begin so'),
  key_marker: z.string().min(1).optional().describe('`key_marker` of the page before'),
  upload_id_marker: z.string().min(1).optional().describe('`upload_id_marker` of the page before'),
  max_uploads: z.int().min(1).max(MAX_KEYS).default(MAX_KEYS).describe('Most uploads of one page'),
});
const output = z.object({
  uploads: z.array(
    z.object({
      key: z.string(),
      upload_id: z.string(),
      initiated: z.string().optional().describe('When it began, RFC 3339'),
      storage_class: z.string().optional(),
    }),
  ),
  truncated: z.boolean().describe('Whether there are more'),
  key_marker: z.string().optional().describe('Where the next page begins, with `upload_id_marker`'),
  upload_id_marker: z.string().optional(),
});

/** Lists uploads in parts that are neither complete nor aborted, a page at a time. */
export const listUploads = (s3: S3Client) =>
  action({
    description:
      'Lists uploads in parts that are neither complete nor aborted, a page at a time: those that run, and those that a killed host has left.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const asked = { what: `ListMultipartUploads of "${bucket}"`, endpoint: s3.endpoint };
      const answer = await s3.run(context, asked.what, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.ListMultipartUploadsCommand({
            Bucket: bucket,
            Prefix: payload.prefix,
            KeyMarker: payload.key_marker,
            UploadIdMarker: payload.upload_id_marker,
            MaxUploads: payload.max_uploads,
            EncodingType: 'url',
          }),
          options,
        ),
      );
      const decode = keyDecoder(answer.EncodingType, asked);
      const uploads = (answer.Uploads ?? []).map(({ Key, UploadId = '', Initiated, StorageClass }) =>
        defined({
          key: decode(Key),
          upload_id: UploadId,
          initiated: Initiated?.toISOString(),
          storage_class: StorageClass,
        }),
      );
      if (answer.IsTruncated !== true) return { uploads, truncated: false };
      // Swift does not name it, or not as it says.
      const last = uploads.at(-1);
      if (last === undefined) throw badAnswer(asked, 'an empty page that is not the last');
      return { uploads, truncated: true, key_marker: last.key, upload_id_marker: last.upload_id };
    },
  });
