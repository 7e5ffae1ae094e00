import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, versionId } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({ bucket: bucketOrDefault, key, version_id: versionId });
const output = z.object({
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  version_id: z.string().optional(),
});

/** Gives the tags of an object. */
export const getObjectTags = (s3: S3Client) =>
  action({
    description: 'Gives the tags of an object.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const answer = await s3.run(context, `GetObjectTagging of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.GetObjectTaggingCommand({ Bucket: bucket, Key: payload.key, VersionId: payload.version_id }),
          options,
        ),
      );
      return defined({
        tags: (answer.TagSet ?? []).map(({ Key = '', Value = '' }) => ({ key: Key, value: Value })),
        version_id: answer.VersionId,
      });
    },
  });
