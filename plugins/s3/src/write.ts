import { ConnectorError } from '@automate/sdk';
import type { CallContext } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, etag, key, objectHeaders, quoteEtag, toObjectHeaders } from './inputs.ts';
import { defined, toEtag } from './outputs.ts';
import type { S3Client } from './s3-client.ts';
import { tags, toTagging } from './tags.ts';

/** What every write of an object says beside its bytes. */
export const writeInput = {
  bucket: bucketOrDefault,
  key,
  ...objectHeaders,
  tags: tags.optional(),
  if_match: etag.optional().describe('Only if the object still has this ETag'),
  if_none_match: z.literal('*').optional().describe('Only if there is no object of this key'),
};

export const writeOutput = z.object({
  etag: z.string().optional().describe('Without quotes'),
  version_id: z.string().optional(),
});

/** `writeInput` as the library takes it. */
export function toWrite(s3: S3Client, given: z.output<z.ZodObject<typeof writeInput>>) {
  return {
    object: {
      Bucket: s3.bucket(given.bucket),
      Key: given.key,
      ...toObjectHeaders(given),
      Tagging: toTagging(given.tags),
    },
    conditions: { IfMatch: quoteEtag(given.if_match), IfNoneMatch: given.if_none_match },
  };
}
export type Write = ReturnType<typeof toWrite>;

/** Writes an object with one request. */
export async function putBytes(s3: S3Client, context: CallContext, { object, conditions }: Write, body: Uint8Array) {
  const sent = s3.run(context, `PutObject of "${object.Bucket}/${object.Key}"`, ({ sdk, aws, options }) =>
    aws.send(new sdk.PutObjectCommand({ ...object, ...conditions, Body: body }), options),
  );
  const answer = await sent.catch((error: unknown) => {
    throw context.repeated ? maybeOurs(error) : error;
  });
  return defined({ etag: toEtag(answer.ETag), version_id: answer.VersionId });
}

/** The object that stands in the way of a repeated call may be what its earlier attempt has written. */
export function maybeOurs(error: unknown): unknown {
  if (!ConnectorError.is(error) || error.details?.['reason'] !== 'precondition_failed') return error;
  const message = `${error.message}; an earlier attempt of this call may have written what is there`;
  return ConnectorError.change(error, { message, effect: 'maybe' });
}
