import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, MAX_KEYS, versionId } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  objects: z
    .array(z.strictObject({ key, version_id: versionId }))
    .min(1)
    .max(MAX_KEYS),
});
const output = z.object({
  deleted: z.array(z.object({ key: z.string(), version_id: z.string().optional() })),
  errors: z
    .array(
      z.object({
        key: z.string(),
        version_id: z.string().optional(),
        code: z.string().describe("S3's own word: `AccessDenied`, `InternalError`"),
        message: z.string(),
      }),
    )
    .describe('Those that are still there, each with the reason'),
});

/** Deletes many objects with one request. */
export const deleteObjects = (s3: S3Client) =>
  action({
    description: 'Deletes up to 1000 objects at once and says of each whether it is gone.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const answer = await s3.run(context, `DeleteObjects of "${bucket}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.DeleteObjectsCommand({
            Bucket: bucket,
            Delete: { Objects: payload.objects.map((each) => ({ Key: each.key, VersionId: each.version_id })) },
          }),
          options,
        ),
      );
      return {
        deleted: (answer.Deleted ?? []).map(({ Key = '', VersionId }) => defined({ key: Key, version_id: VersionId })),
        errors: (answer.Errors ?? []).map(({ Key = '', VersionId, Code = '', Message = '' }) =>
          defined({ key: Key, version_id: VersionId, code: Code, message: Message }),
        ),
      };
    },
  });
