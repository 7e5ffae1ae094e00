import { action } from '@automate/sdk';
import { z } from 'zod';
import { ACCESS_POINT, bucket, bucketOrDefault, key, objectHeaders, toObjectHeaders, versionId } from '../inputs.ts';
import { defined, toEtag } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  source_bucket: bucket.optional().describe('Default: the bucket that is copied to'),
  source_key: key,
  source_version_id: versionId,
  bucket: bucketOrDefault,
  key,
  replace: z
    .strictObject(objectHeaders)
    .optional()
    .describe('Type and metadata of the copy. Default: those of the source'),
});
const output = z.object({
  etag: z.string().optional().describe('Without quotes'),
  last_modified: z.string().optional().describe('RFC 3339'),
  version_id: z.string().optional(),
});

/** Copies an object within the service; an object of the same key is replaced. */
export const copyObject = (s3: S3Client) =>
  action({
    description: 'Copies an object within the service, without its bytes coming here.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const target = s3.bucket(payload.bucket);
      const { source_bucket: source = target, source_version_id: version, replace } = payload;
      // A path as in a URL: the slashes of the key stay.
      const place = ACCESS_POINT.test(source) ? `${source}/object` : source;
      const path = `${place}/${payload.source_key}`.split('/').map(encodeURIComponent).join('/');
      const answer = await s3.run(
        context,
        `CopyObject of "${source}/${payload.source_key}" to "${target}/${payload.key}"`,
        ({ sdk, aws, options }) =>
          aws.send(
            new sdk.CopyObjectCommand({
              Bucket: target,
              Key: payload.key,
              CopySource: version === undefined ? path : `${path}?versionId=${encodeURIComponent(version)}`,
              ...(replace === undefined
                ? {}
                : {
                    MetadataDirective: 'REPLACE',
                    ...toObjectHeaders(replace),
                  }),
            }),
            options,
          ),
      );
      return defined({
        etag: toEtag(answer.CopyObjectResult?.ETag),
        last_modified: answer.CopyObjectResult?.LastModified?.toISOString(),
        version_id: answer.VersionId,
      });
    },
  });
