import { action, ConnectorError } from '@automate/sdk';
import { z } from 'zod';
import { asNotModified, notModified, readConditions, toConditions } from '../conditions.ts';
import { bucketOrDefault, key, versionId } from '../inputs.ts';
import { objectInfo, toObjectInfo } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({ bucket: bucketOrDefault, key, version_id: versionId, ...readConditions });
const output = z.object({ not_modified: notModified, ...objectInfo });

/** Refusals that a HEAD, whose answer has no body, does not tell apart. */
const UNEXPLAINED: ReadonlySet<unknown> = new Set([400, 403, 404]);

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
      const what = `HeadObject of "${bucket}/${payload.key}"`;
      const place = { Bucket: bucket, Key: payload.key, VersionId: payload.version_id };
      try {
        return await s3.run(context, what, async ({ sdk, aws, options }) => {
          try {
            const answer = await aws.send(new sdk.HeadObjectCommand({ ...place, ...toConditions(payload) }), options);
            return { ...toObjectInfo(answer), size: answer.ContentLength ?? 0 };
          } catch (thrown) {
            const unchanged = asNotModified(thrown);
            if (unchanged === undefined) throw thrown;
            return unchanged;
          }
        });
      } catch (error) {
        if (!ConnectorError.is(error) || error.details?.['region'] !== undefined) throw error;
        if (!UNEXPLAINED.has(error.details?.['status'])) throw error;
        // The same question as a GET is refused for the same reason, in words.
        await s3.run(context, what, async ({ sdk, aws, options }) => {
          const { Body } = await aws.send(new sdk.GetObjectCommand({ ...place, Range: 'bytes=0-0' }), options);
          (Body as { destroy(): void } | undefined)?.destroy();
        });
        throw error;
      }
    },
  });
