import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key } from '../inputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key,
  upload_id: z.string().min(1).describe('As `list_uploads` gives it, or `details.upload_id` of an upload that failed'),
});
const output = z.object({
  aborted: z.boolean().describe('False: there is no such upload, or it is complete or aborted already'),
});

/** Takes back an upload in parts. */
export const abortUpload = (s3: S3Client) =>
  action({
    description: 'Takes back an upload in parts and drops them; one that still runs fails.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const place = { Bucket: bucket, Key: payload.key, UploadId: payload.upload_id };
      const what = `AbortMultipartUpload of "${bucket}/${payload.key}"`;
      try {
        await s3.run(context, what, ({ sdk, aws, options }) =>
          aws.send(new sdk.AbortMultipartUploadCommand(place), options),
        );
        return { aborted: true };
      } catch (error) {
        if (ConnectorError.is(error) && error.details?.['s3_error'] === 'NoSuchUpload') return { aborted: false };
        throw error;
      }
    },
  });
