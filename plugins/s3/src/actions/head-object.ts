import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, versionId } from '../inputs.ts';
import { objectInfo, toObjectInfo } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({ bucket: bucketOrDefault, key, version_id: versionId });
const output = z.object(objectInfo);

/** Says everything of an object but its bytes. */
export const headObject = (s3: S3Client) =>
  action({
    description: 'Gives size, type, time and metadata of an object without its bytes.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const answer = await s3.run(context, `HeadObject of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.HeadObjectCommand({ Bucket: bucket, Key: payload.key, VersionId: payload.version_id }),
          options,
        ),
      );
      return { ...toObjectInfo(answer), size: answer.ContentLength ?? 0 };
    },
  });
