import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, versionId } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({ bucket: bucketOrDefault, key, version_id: versionId });
const output = z.object({
  delete_marker: z
    .boolean()
    .optional()
    .describe('In buckets that keep versions: whether a marker now hides the object'),
  version_id: z.string().optional(),
});

/** Deletes an object. */
export const deleteObject = (s3: S3Client) =>
  action({
    description: 'Deletes an object. One that does not exist counts as deleted.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      try {
        const answer = await s3.run(context, `DeleteObject of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
          aws.send(
            new sdk.DeleteObjectCommand({ Bucket: bucket, Key: payload.key, VersionId: payload.version_id }),
            options,
          ),
        );
        return defined({ delete_marker: answer.DeleteMarker, version_id: answer.VersionId });
      } catch (error) {
        // Some services say so where AWS says nothing.
        if ((error as { details?: { s3_error?: unknown } }).details?.s3_error === 'NoSuchKey') return {};
        throw error;
      }
    },
  });
