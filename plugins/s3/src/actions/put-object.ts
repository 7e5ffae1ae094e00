import { action, ConnectorError, InvalidInputError } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, etag, key, MAX_BODY_BYTES, objectHeaders, toObjectHeaders } from '../inputs.ts';
import { defined, toEtag } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { tags, toTagging } from '../tags.ts';
import { charsetOf } from '../to-text.ts';

const input = z
  .strictObject({
    bucket: bucketOrDefault,
    key,
    base64: z.base64().optional().describe('The bytes, at most 2 MiB; larger objects are written by `presign_put`'),
    text: z.string().optional().describe('The bytes as text, written as UTF-8'),
    ...objectHeaders,
    tags: tags.optional(),
    if_match: etag.optional().describe('Only if the object still has this ETag'),
    if_none_match: z.literal('*').optional().describe('Only if there is no object of this key'),
  })
  .refine(({ base64, text }) => (base64 === undefined) !== (text === undefined), {
    error: 'expected either base64 or text',
  })
  .refine(({ text, content_type }) => text === undefined || /^utf-?8$/.test(charsetOf(content_type)), {
    path: ['content_type'],
    error: 'expected the charset utf-8, in which text is written; give the bytes of another one as base64',
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
      const sent = s3.run(context, `PutObject of "${bucket}/${payload.key}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.PutObjectCommand({
            Bucket: bucket,
            Key: payload.key,
            Body: body,
            ...toObjectHeaders(payload),
            Tagging: toTagging(payload.tags),
            IfMatch: payload.if_match,
            IfNoneMatch: payload.if_none_match,
          }),
          options,
        ),
      );
      const answer = await sent.catch((error: unknown) => {
        throw context.repeated ? maybeOurs(error) : error;
      });
      return defined({ etag: toEtag(answer.ETag), version_id: answer.VersionId });
    },
  });

/** The object that stands in the way of a repeated call may be what its earlier attempt has written. */
function maybeOurs(error: unknown): unknown {
  if (!ConnectorError.is(error) || error.details?.['reason'] !== 'precondition_failed') return error;
  const message = `${error.message}; an earlier attempt of this call may have written what is there`;
  return ConnectorError.fromEnvelope({ ...error.toEnvelope(), message, effect: 'maybe' });
}
