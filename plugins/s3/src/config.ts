import { localPath } from '@automate/sdk';
import { z } from 'zod';
import { absolutePath } from './local-files.ts';

const directories = z.array(absolutePath.meta(localPath('directory'))).default([]);

/** The settings of an S3 or MinIO connector. Where it is and who asks are `host`, `port`, `scheme`, `base_path`, `tls` and `auth`. */
export const configSchema = z.strictObject({
  region: z
    .string()
    .min(1)
    .default('us-east-1')
    .describe('The region that requests are signed for; without a host also where they go'),
  bucket: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Bucket of actions that name none. The connection test then reads this bucket rather than the list of all, which many credentials may not read',
    ),
  path_style: z
    .boolean()
    .optional()
    .describe(
      'Whether the bucket goes into the path (`host/bucket/key`) rather than into the host name. Default: yes with a host, no at AWS',
    ),
  files: z
    .strictObject({
      read: directories.describe(
        'Directories whose files `upload_file` may read, those below them included; links that lead out of them are not followed',
      ),
      write: directories.describe('Directories in which `download_file` may make files, those below them included'),
    })
    .prefault({})
    .describe("Directories on the host's machine that calls may use. Default: none"),
  url_origins: z
    .array(
      z.string().refine(isOrigin, { error: 'expected scheme, host and port alone, such as https://files.example.com' }),
    )
    .default([])
    .describe('Servers from which `upload_from_url` may read, as `https://files.example.com`. Default: none'),
});

export type S3Settings = z.output<typeof configSchema>;

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
}
