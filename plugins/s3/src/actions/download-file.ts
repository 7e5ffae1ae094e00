import { createHash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { action } from '@automate/sdk';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { withoutEffect } from '../without-effect.ts';
import { bucketOrDefault, etag, key, quoteEtag, versionId } from '../inputs.ts';
import { absolutePath, createFile } from '../local-files.ts';
import { objectInfo, toEtag, toObjectInfo } from '../outputs.ts';
import { asChecksumError, bodyCutShort, mismatch } from '../read-body.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  key,
  version_id: versionId,
  if_match: etag.optional().describe('Only if the object still has this ETag'),
  file: absolutePath.describe("Path on the host's machine, within a directory of the setting `files.write`"),
  overwrite: z.boolean().default(false).describe('Whether a file of this path is replaced; otherwise it is an error'),
});

const CHECKSUMS = ['ChecksumCRC32', 'ChecksumCRC32C', 'ChecksumCRC64NVME', 'ChecksumSHA1', 'ChecksumSHA256'] as const;

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
      const made = createFile(file, { ...s3.directories('write'), overwrite }, (handle) =>
        s3.run(context, what, async ({ sdk, aws, options, signal }) => {
          const get = (): Promise<GetObjectCommandOutput> =>
            aws.send(
              new sdk.GetObjectCommand({
                Bucket: bucket,
                Key: payload.key,
                VersionId: payload.version_id,
                IfMatch: quoteEtag(payload.if_match),
                ChecksumMode: 'ENABLED',
              }),
              options,
            );
          const answer = await get();
          const reading = { what, signal };
          const { size, md5 } = await downloadBody(answer, reading, (chunk) => handle.writeFile(chunk));
          if (isDoubtful(answer, md5)) {
            // An ETag need not be a digest, so that only a second reading tells bytes that changed on the way.
            const again = await downloadBody(await get(), reading);
            if (again.md5 !== md5) throw mismatch(what);
          }
          return { ...toObjectInfo(answer), size };
        }),
      );
      // Until its file appears nothing has happened.
      return withoutEffect(made);
    },
  });

/** Hands on the bytes of an object as they come. The library holds them to the checksum that the service sends. */
async function downloadBody(
  { Body, ContentLength: announced }: GetObjectCommandOutput,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
  take?: (chunk: Uint8Array) => Promise<void>,
): Promise<{ readonly size: number; readonly md5: string }> {
  const digest = createHash('md5');
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, Body as Readable) as AsyncIterable<Uint8Array>) {
      digest.update(chunk);
      size += chunk.byteLength;
      await take?.(chunk);
    }
  } catch (error) {
    throw asChecksumError(error, what);
  }
  if (announced !== undefined && size < announced) throw bodyCutShort(what, size, announced);
  return { size, md5: digest.digest('hex') };
}

/** Whether an ETag that looks like the MD5 of the bytes is another, and neither a checksum nor encryption explains it. */
function isDoubtful(answer: GetObjectCommandOutput, md5: string): boolean {
  const isExplained =
    // Checksums of an object made of parts, which end in their number, are not compared.
    CHECKSUMS.some((name) => answer[name] !== undefined && !answer[name].includes('-')) ||
    answer.ServerSideEncryption?.startsWith('aws:') === true ||
    answer.SSECustomerAlgorithm !== undefined;
  return !isExplained && /^"?[0-9a-f]{32}"?$/i.test(answer.ETag ?? '') && toEtag(answer.ETag)?.toLowerCase() !== md5;
}
