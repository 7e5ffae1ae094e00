import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';

const COMMANDS: ReadonlySet<unknown> = new Set([
  'DeleteObjectsCommand',
  'PutObjectTaggingCommand',
  'PutObjectCommand',
  'UploadPartCommand',
]);

/**
 * Sends the digest that every service knows, and asks of some requests, instead of AWS's newer checksums: what arrives as something
 * else is refused.
 */
export function sendContentMd5(aws: S3Client): void {
  aws.middlewareStack.add(
    (next, context) => (args) => {
      if (!COMMANDS.has(context['commandName'])) return next(args);
      const { headers, body } = args.request as {
        readonly headers: Record<string, string>;
        readonly body: string | Uint8Array;
      };
      for (const name of Object.keys(headers)) {
        if (/^x-amz-(sdk-checksum-algorithm|checksum-.*|trailer)$/i.test(name)) delete headers[name];
      }
      headers['content-md5'] = createHash('md5').update(body).digest('base64');
      return next(args);
    },
    // After the library has added its own, before the request is signed.
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
}
