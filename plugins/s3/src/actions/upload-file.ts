import { action } from '@automate/sdk';
import { z } from 'zod';
import { fileSource } from '../file-source.ts';
import { absolutePath, openFile } from '../local-files.ts';
import type { S3Client } from '../s3-client.ts';
import { upload, uploadOutput } from '../upload.ts';
import { toWrite, writeInput } from '../write.ts';

const input = z.strictObject({
  file: absolutePath.describe("Path on the host's machine, within a directory of the setting `files.read`"),
  ...writeInput,
});

/** Writes an object of any size from a file. */
export const uploadFile = (s3: S3Client) =>
  action({
    description:
      "Writes an object from a file on the host's machine, in parts where it is larger than 8 MiB. An object of the same key is replaced once all bytes are there.",
    input,
    output: uploadOutput,
    sideEffects: true,
    idempotent: true,
    async run({ file, ...payload }, context) {
      const write = toWrite(s3, payload);
      const handle = await openFile(file, s3.directories('read'));
      try {
        return await upload(s3, context, write, await fileSource(handle, file));
      } finally {
        await handle.close();
      }
    },
  });
