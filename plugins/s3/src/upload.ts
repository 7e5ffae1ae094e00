import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError, normalizeError, remainingMs } from '@automate/sdk';
import type { CallContext, CallScope } from '@automate/sdk';
import { z } from 'zod';
import { defined, toEtag } from './outputs.ts';
import type { S3Client } from './s3-client.ts';
import { badAnswer } from './s3-error.ts';
import type { Write } from './write.ts';
import { maybeOurs, putBytes, writeOutput } from './write.ts';

/** Bytes of one part, which is all that is held of an object. S3 wants 5 MiB at least, and 10,000 parts at most. */
export const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;
const MOST_ATTEMPTS = 3;
const FIRST_WAIT_MS = 200;
/** What is kept of a call's time for taking back what it has sent, and what that may take after the call was given up. */
const ABORT_MS = 5_000;
const ABORT_LATE_MS = 700;

/** Bytes of a known number that can be read from anywhere. */
export interface Source {
  readonly size: number;
  /** As many bytes as asked for, or an error; those of a source that has changed are none. */
  read(start: number, length: number, scope: CallScope): Promise<Uint8Array>;
}

/** What writing from a source gives. */
export const uploadOutput = writeOutput.extend({
  size: z.int().nonnegative().describe('Bytes'),
});

/** A call's own time, less what it takes to take an upload back. */
export function uploadScope({ deadline, signal }: CallContext): CallScope {
  return { signal, deadline: deadline - Math.min(ABORT_MS, remainingMs(deadline) / 4) };
}

/** Writes an object of any size: with one request, or in parts that become an object only once all are there. */
export async function upload(s3: S3Client, context: CallContext, write: Write, source: Source) {
  const { size } = source;
  const written =
    size > PART_BYTES
      ? await s3.untilClosed(uploadParts(s3, context, write, source))
      : await putBytes(s3, context, write, await source.read(0, size, context));
  return { ...written, size };
}

async function uploadParts(s3: S3Client, context: CallContext, { object, conditions }: Write, source: Source) {
  const { Bucket, Key } = object;
  const what = `the upload of "${Bucket}/${Key}" in parts`;
  const scope = uploadScope(context);
  const { UploadId } = await s3.run(scope, what, ({ sdk, aws, options }) =>
    aws.send(new sdk.CreateMultipartUploadCommand(object), options),
  );
  if (UploadId === undefined) throw badAnswer({ what, endpoint: s3.endpoint }, 'no upload id');
  const place = { Bucket, Key, UploadId };
  let completing = false;
  try {
    const Parts = await sendParts(s3, scope, { what, source, place });
    completing = true;
    const answer = await s3.run(scope, what, ({ sdk, aws, options }) =>
      aws.send(
        new sdk.CompleteMultipartUploadCommand({ ...place, ...conditions, MultipartUpload: { Parts } }),
        options,
      ),
    );
    if (answer.ETag === undefined) throw badAnswer({ what, endpoint: s3.endpoint }, 'no ETag');
    return defined({ etag: toEtag(answer.ETag), version_id: answer.VersionId });
  } catch (thrown) {
    const error = normalizeError(context.repeated ? maybeOurs(thrown) : thrown);
    // A service that has put the parts together no longer knows the upload, so that asking for its end harms nothing.
    const deadline = Math.max(context.deadline, Date.now() + ABORT_LATE_MS);
    const gone = await s3
      .finish(deadline, what, ({ sdk, aws, options }) => aws.send(new sdk.AbortMultipartUploadCommand(place), options))
      .then(
        () => true,
        (reason: unknown) => ConnectorError.is(reason) && reason.code === 'NOT_FOUND',
      );
    throw failed(error, { gone, unknown: completing && error.effect === 'maybe', uploadId: UploadId });
  }
}

/** What became of an upload that failed: nothing, an object perhaps, or parts that nobody can see and somebody pays for. */
function failed(
  error: ConnectorError,
  { gone, unknown, uploadId }: { readonly gone: boolean; readonly unknown: boolean; readonly uploadId: string },
): ConnectorError {
  if (gone) return ConnectorError.change(error, { effect: unknown ? 'maybe' : 'none' });
  return ConnectorError.change(error, {
    effect: 'maybe',
    message: `${error.message}; its parts could not be taken back and are kept as the upload "${uploadId}" until it is aborted`,
    details: { ...error.details, upload_id: uploadId },
  });
}

async function sendParts(
  s3: S3Client,
  scope: CallScope,
  {
    what,
    source,
    place,
  }: {
    readonly what: string;
    readonly source: Source;
    readonly place: Readonly<Record<'Bucket' | 'Key' | 'UploadId', string>>;
  },
) {
  const partBytes = Math.max(PART_BYTES, Math.ceil(source.size / MAX_PARTS));
  const parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
  for (let start = 0; start < source.size; start += partBytes) {
    const length = Math.min(partBytes, source.size - start);
    const PartNumber = parts.length + 1;
    const ofPart = `part ${PartNumber} of ${what}`;
    const Body = await again(s3, scope, ofPart, () => source.read(start, length, scope));
    // The same part sent twice is one.
    const { ETag } = await again(s3, scope, ofPart, () =>
      s3.run(scope, ofPart, ({ sdk, aws, options }) =>
        aws.send(new sdk.UploadPartCommand({ ...place, PartNumber, Body }), options),
      ),
    );
    parts.push({ PartNumber, ETag });
  }
  return parts;
}

/** Work that may be repeated, until it is done or waiting no longer helps. */
async function again<T>(s3: S3Client, scope: CallScope, what: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!ConnectorError.is(error) || !error.retryable || attempt === MOST_ATTEMPTS) throw error;
      const wait = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1);
      if (wait >= remainingMs(scope.deadline)) throw error;
      await s3.run(scope, what, ({ signal }) => sleep(wait, undefined, { signal }));
    }
  }
}
