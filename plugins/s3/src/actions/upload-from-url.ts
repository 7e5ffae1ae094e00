import { action } from '@automate/sdk';
import { z } from 'zod';
import { withoutEffect } from '../without-effect.ts';
import type { S3Client } from '../s3-client.ts';
import { upload, uploadOutput, uploadScope } from '../upload.ts';
import { urlSource } from '../url-source.ts';
import { toWrite, writeInput } from '../write.ts';

const input = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Of a server that the setting `url_origins` names; so are those that it leads to'),
  ...writeInput,
});

/** Writes an object of any size from what an address gives. */
export const uploadFromUrl = (s3: S3Client) =>
  action({
    description:
      'Writes an object from what an http or https address gives, in parts where that is larger than 8 MiB; its server must then give ranges. An object of the same key is replaced once all bytes are there.',
    input,
    output: uploadOutput,
    sideEffects: true,
    idempotent: true,
    async run({ url, ...payload }, context) {
      const write = toWrite(s3, payload);
      const from = { origins: s3.settings.url_origins, http: context.http, scope: uploadScope(context) };
      return upload(s3, context, write, await withoutEffect(urlSource(url, from)));
    },
  });
