import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, expiresIn, headerValue, keyInAddress } from '../inputs.ts';
import { presign } from '../presign.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key: keyInAddress,
  expires_in: expiresIn,
  content_type: headerValue.optional().describe('Whoever writes must then send exactly this type'),
});
const output = z.object({
  url: z.string(),
  expires_at: z.string().describe('RFC 3339'),
  headers: z.record(z.string(), z.string()).describe('What must be sent with the PUT'),
});

/** Signs an address to which anybody can write an object. */
export const presignPut = (s3: S3Client) =>
  action({
    description: 'Signs an address to which whoever has it can PUT an object for a time. Asks nothing of the service.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload) {
      const bucket = s3.bucket(payload.bucket);
      const { content_type: type, key: name } = payload;
      const signed = await presign(
        s3,
        { expiresIn: payload.expires_in, signableHeaders: new Set(['host', 'content-type']) },
        (sdk) => new sdk.PutObjectCommand({ Bucket: bucket, Key: name, ContentType: type }),
      );
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      return { ...signed, headers };
    },
  });
