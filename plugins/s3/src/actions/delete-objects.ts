import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, MAX_KEYS, versionId } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { badAnswer, notDeleted } from '../s3-error.ts';

/** What XML has no way to write. */
const UNWRITABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

const input = z.strictObject({
  bucket: bucketOrDefault,
  objects: z
    .array(
      z.strictObject({
        key: key.refine((text) => !UNWRITABLE.test(text), {
          error: 'expected a key without control characters, which this request cannot hold; use delete_object',
        }),
        version_id: versionId,
      }),
    )
    .min(1)
    .max(MAX_KEYS),
});
const output = z.object({
  deleted: z.array(z.object({ key: z.string(), version_id: z.string().optional() })),
});

/** Deletes many objects with one request. */
export const deleteObjects = (s3: S3Client) =>
  action({
    description:
      'Deletes up to 1000 objects at once. If any is still there afterwards the call fails and says which in `details.errors`.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const what = `DeleteObjects of "${bucket}"`;
      const { Deleted = [], Errors = [] } = await s3.run(context, what, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.DeleteObjectsCommand({
            Bucket: bucket,
            Delete: { Objects: payload.objects.map((each) => ({ Key: each.key, VersionId: each.version_id })) },
          }),
          options,
        ),
      );
      if (Errors.length > 0) throw notDeleted(Errors, Deleted.length, what);
      const gone = new Set(Deleted.map(({ Key }) => Key));
      const unsaid = payload.objects.filter((each) => !gone.has(each.key)).length;
      if (unsaid > 0) throw badAnswer({ what, endpoint: s3.endpoint }, `nothing is said of ${unsaid} keys`);
      return { deleted: Deleted.map(({ Key = '', VersionId }) => defined({ key: Key, version_id: VersionId })) };
    },
  });
