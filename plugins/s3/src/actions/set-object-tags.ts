import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, versionId } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { tags, toTagSet } from '../tags.ts';

const input = z.strictObject({ bucket: bucketOrDefault, key, version_id: versionId, tags });
const output = z.object({ version_id: z.string().optional() });

/** Gives an object these tags and no others; an empty list takes all away. */
export const setObjectTags = (s3: S3Client) =>
  action({
    description: 'Gives an object these tags in place of those it has; an empty list takes all away.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const place = { Bucket: bucket, Key: payload.key, VersionId: payload.version_id };
      const answer = await s3.run(context, `PutObjectTagging of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
        payload.tags.length === 0
          ? aws.send(new sdk.DeleteObjectTaggingCommand(place), options)
          : aws.send(
              new sdk.PutObjectTaggingCommand({ ...place, Tagging: { TagSet: toTagSet(payload.tags) } }),
              options,
            ),
      );
      return defined({ version_id: answer.VersionId });
    },
  });
