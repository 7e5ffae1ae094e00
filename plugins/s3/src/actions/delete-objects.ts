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
      const unsaid = countUnsaid(payload.objects, Deleted);
      if (unsaid > 0) throw badAnswer({ what, endpoint: s3.endpoint }, `nothing is said of ${unsaid} objects`);
      return { deleted: Deleted.map(({ Key = '', VersionId }) => defined({ key: Key, version_id: VersionId })) };
    },
  });

/** How many of the objects the answer leaves out. Not every service names versions, but it says of each that it is gone. */
function countUnsaid(
  asked: z.output<typeof input>['objects'],
  said: readonly { readonly Key?: string | undefined; readonly VersionId?: string | undefined }[],
): number {
  const exact = new Set(said.map(({ Key, VersionId }) => JSON.stringify([Key, VersionId])));
  const nameless = Map.groupBy(
    said.filter(({ VersionId }) => VersionId === undefined),
    ({ Key = '' }) => Key,
  );
  const versions = Map.groupBy(asked, (each) => each.key);
  return [...versions].reduce((sum, [of, objects]) => {
    const wanted = new Set(objects.map((each) => JSON.stringify([of, each.version_id])));
    return sum + Math.max(0, wanted.difference(exact).size - (nameless.get(of)?.length ?? 0));
  }, 0);
}
