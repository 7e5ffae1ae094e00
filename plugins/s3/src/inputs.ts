import { z } from 'zod';

/** Most bytes of a body: as base64 they still fit into a payload or result. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Most keys of one page or one deletion, as S3 has it. */
export const MAX_KEYS = 1000;
const WEEK_SECONDS = 7 * 24 * 60 * 60;

// Which characters a name may have differs between services, so that the service judges. A path separator would leave the bucket.
export const bucket = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/, 'expected the name of a bucket');
export const bucketOrDefault = bucket.optional().describe('Default: the setting `bucket`');
export const key = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 1024, { error: 'expected at most 1024 bytes' });
export const versionId = z.string().min(1).optional().describe('A certain version, in buckets that keep versions');
export const metadata = z.record(z.string().regex(/^[A-Za-z0-9_-]+$/), z.string());
export const expiresIn = z
  .int()
  .min(1)
  .max(WEEK_SECONDS)
  .default(900)
  .describe('Seconds that the address is good for, at most a week');
/** What is kept beside an object's bytes. */
export const objectHeaders = {
  content_type: z.string().min(1).optional().describe('Default: `application/octet-stream`'),
  cache_control: z.string().min(1).optional(),
  content_disposition: z.string().min(1).optional(),
  content_encoding: z.string().min(1).optional(),
  metadata: metadata.optional().describe("Metadata of one's own"),
};
