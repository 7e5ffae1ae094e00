import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, expiresIn, headerValue, keyInAddress, versionId } from '../inputs.ts';
import { presign } from '../presign.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key: keyInAddress,
  version_id: versionId,
  expires_in: expiresIn,
  response_content_type: headerValue.optional().describe('Sent instead of the type of the object'),
  response_content_disposition: headerValue
    .optional()
    .describe('Sent with the object, e.g. `attachment; filename="report.pdf"`'),
});
const output = z.object({ url: z.string(), expires_at: z.string().describe('RFC 3339') });

/** Signs an address from which anybody can read an object. */
export const presignGet = (s3: S3Client) =>
  action({
    description:
      'Signs an address from which whoever has it can read an object for a time. Asks nothing of the service.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload) {
      const bucket = s3.bucket(payload.bucket);
      return presign(
        s3,
        { expiresIn: payload.expires_in },
        (sdk) =>
          new sdk.GetObjectCommand({
            Bucket: bucket,
            Key: payload.key,
            VersionId: payload.version_id,
            ResponseContentType: payload.response_content_type,
            ResponseContentDisposition: payload.response_content_disposition,
          }),
      );
    },
  });
