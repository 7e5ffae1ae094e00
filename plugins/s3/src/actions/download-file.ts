import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { action, TransientNetworkError } from '@automate/sdk';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { withoutEffect } from '../change-error.ts';
import { bucketOrDefault, etag, key, versionId } from '../inputs.ts';
import { absolutePath, createFile } from '../local-files.ts';
import { objectInfo, toObjectInfo } from '../outputs.ts';
import { asChecksumError, brokenOff } from '../read-body.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key,
  version_id: versionId,
  if_match: etag.optional().describe('Only if the object still has this ETag'),
  file: absolutePath.describe("Path on the host's machine, within a directory of the setting `files.write`"),
  overwrite: z.boolean().default(false).describe('Whether a file of this path is replaced; otherwise it is an error'),
});

/** Writes an object of any size to a file. */
export const downloadFile = (s3: S3Client) =>
  action({
    description:
      "Writes an object of any size to a file on the host's machine. The file appears once all of its bytes are there.",
    input,
    output: z.object(objectInfo),
    sideEffects: true,
    idempotent: false,
    async run({ file, overwrite, ...payload }, context) {
      const bucket = s3.bucket(payload.bucket);
      const what = `GetObject of "${bucket}/${payload.key}"`;
      const allowed = { setting: 'settings.files.write', directories: s3.settings.files.write };
      const made = createFile(file, { ...allowed, overwrite }, (handle) =>
        s3.run(context, what, async ({ sdk, aws, options, signal }) => {
          const answer = await aws.send(
            new sdk.GetObjectCommand({
              Bucket: bucket,
              Key: payload.key,
              VersionId: payload.version_id,
              IfMatch: payload.if_match,
              ChecksumMode: 'ENABLED',
            }),
            options,
          );
          return { ...toObjectInfo(answer), size: await save(answer, handle, { what, signal }) };
        }),
      );
      // Until its file appears nothing has happened.
      return withoutEffect(made);
    },
  });

/** Writes the bytes of an object as they come, and holds them to their number and digest. */
async function save(
  { Body, ContentLength: announced, ETag, ServerSideEncryption }: GetObjectCommandOutput,
  handle: FileHandle,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
): Promise<number> {
  const digest = createHash('md5');
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, Body as Readable) as AsyncIterable<Uint8Array>) {
      digest.update(chunk);
      size += chunk.byteLength;
      await handle.writeFile(chunk);
    }
  } catch (error) {
    throw asChecksumError(error, what);
  }
  if (announced !== undefined && size < announced) throw brokenOff(what, size, announced);
  // Of bytes that are kept encrypted it may be another digest.
  const wanted = ServerSideEncryption === undefined ? md5Of(ETag) : undefined;
  if (wanted !== undefined && wanted !== digest.digest('hex'))
    throw new TransientNetworkError(`${what}: the bytes that arrived do not fit the object's ETag`, {
      details: { reason: 'checksum_mismatch' },
    });
  return size;
}

/** The MD5 that an ETag is, if it is one. */
function md5Of(etag: string | undefined): string | undefined {
  return /^"?([0-9a-f]{32})"?$/i.exec(etag ?? '')?.[1]?.toLowerCase();
}
