import { z } from 'zod';

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
});

export type S3Settings = z.output<typeof configSchema>;
