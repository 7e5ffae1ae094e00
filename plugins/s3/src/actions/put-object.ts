import { action, InvalidInputError } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, key, MAX_BODY_BYTES, objectHeaders } from '../inputs.ts';
import { defined, toEtag } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z
  .strictObject({
    bucket: bucketOrDefault,
    key,
    base64: z.base64().optional().describe('The bytes, at most 2 MiB; larger objects are written by `presign_put`'),
    text: z.string().optional().describe('The bytes as text, written as UTF-8'),
    ...objectHeaders,
  })
  .refine(({ base64, text }) => (base64 === undefined) !== (text === undefined), {
    error: 'expected either base64 or text',
  });
const output = z.object({ etag: z.string().optional().describe('Without quotes'), version_id: z.string().optional() });

/** Writes an object; one of the same key is replaced. */
export const putObject = (s3: S3Client) =>
  action({
    description: 'Writes an object from base64 or text. An object of the same key is replaced.',
    input,
    output,
    sideEffects: true,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const body = Buffer.from(payload.base64 ?? payload.text ?? '', payload.base64 === undefined ? 'utf8' : 'base64');
      if (body.byteLength > MAX_BODY_BYTES) {
        const field = payload.base64 === undefined ? 'text' : 'base64';
        throw new InvalidInputError(
          `an object of ${body.byteLength} bytes is too large for a payload, which takes ${MAX_BODY_BYTES}; use presign_put`,
          {
            details: { reason: 'object_too_large', max_bytes: MAX_BODY_BYTES },
            problems: [
              { path: field, expected: `at most ${MAX_BODY_BYTES} bytes`, received: `${body.byteLength} bytes` },
            ],
          },
        );
      }
      const answer = await s3.run(context, `PutObject of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.PutObjectCommand({
            Bucket: bucket,
            Key: payload.key,
            Body: body,
            ContentType: payload.content_type ?? 'application/octet-stream',
            CacheControl: payload.cache_control,
            ContentDisposition: payload.content_disposition,
            ContentEncoding: payload.content_encoding,
            Metadata: payload.metadata,
          }),
          options,
        ),
      );
      return defined({ etag: toEtag(answer.ETag), version_id: answer.VersionId });
    },
  });
