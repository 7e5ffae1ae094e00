import { isJsonObject } from '@automate/sdk';
import { z } from 'zod';
import { encodeMetadata } from './header-text.ts';

/** Most bytes of a body: as base64 they still fit into a payload or result. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Most keys of one page or one deletion, as S3 has it. */
export const MAX_KEYS = 1000;
const WEEK_SECONDS = 7 * 24 * 60 * 60;

/** An access point of AWS, which stands in the place of a bucket; the only name with a slash. */
export const ACCESS_POINT = /^arn:[a-z0-9-]+:s3[a-z0-9-]*:[a-z0-9-]*:[0-9]*:[^\s/]+\/[^\s/]+$/;
// Which characters a name may have differs between services, so that the service judges. A path separator would leave the bucket.
export const bucket = z
  .string()
  .refine((name) => /^(?!\.\.?$)[^\s/\\?#\x00-\x1f\x7f]{1,255}$/u.test(name) || ACCESS_POINT.test(name), {
    error: 'expected the name of a bucket',
  });
export const bucketOrDefault = bucket.optional().describe('Default: the setting `bucket`');
export const key = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed(), { error: 'expected text without half a surrogate pair' })
  .refine((text) => Buffer.byteLength(text) <= 1024, { error: 'expected at most 1024 bytes' });
/** A key that clients leave as it is in a URL: they take `.` and `..` between slashes for steps, even encoded. */
export const keyInAddress = key.refine((text) => !/(^|\/)\.\.?(\/|$)/.test(text), {
  error: 'expected a key without "." or ".." between slashes, which whoever opens the address would leave out',
});
export const versionId = z.string().min(1).optional().describe('A certain version, in buckets that keep versions');
/** What a header gives back as it is: a line end would begin another header, and blanks around it are lost. */
export const headerValue = z.string().regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, {
  error:
    "expected printable ASCII without blanks around it; a file name beyond it is written filename*=UTF-8''na%C3%AFve.txt",
});
/** An ETag as a condition, with or without its quotes. */
export const etag = z.string().regex(/^"?[\x21\x23-\x7e]+"?$/, 'expected an ETag');

/** An ETag as headers have it, in quotes. */
export function quoteEtag(text: string | undefined): string | undefined {
  return text === undefined || text === '*' || text.startsWith('"') ? text : `"${text}"`;
}

/** Checked by hand: zod's own record drops a member called `__proto__`, which is as good a name as any. */
export const metadata = z
  .any()
  .superRefine((value: unknown, check) => {
    const fail = (path: readonly string[], message: string): void =>
      check.addIssue({ code: 'custom', path: [...path], message });
    if (!isJsonObject(value)) return fail([], 'expected an object of texts');
    const names = new Set<string>();
    for (const [name, text] of Object.entries(value)) {
      if (!/^[A-Za-z0-9_.-]+$/.test(name)) fail([name], 'expected a name of ASCII letters, digits, ".", "_" and "-"');
      if (names.has(name.toLowerCase())) fail([name], 'expected names that differ in more than capital letters');
      names.add(name.toLowerCase());
      if (typeof text !== 'string' || text === '') fail([name], 'expected text that is not empty');
      else if (/[\0-\x08\x0a-\x1f\x7f]/.test(text) || !text.isWellFormed())
        fail([name], 'expected text without line ends and other control characters');
    }
  })
  .meta({ type: 'object', additionalProperties: { type: 'string' } }) as z.ZodType<Readonly<Record<string, string>>>;
export const expiresIn = z
  .int()
  .min(1)
  .max(WEEK_SECONDS)
  .default(900)
  .describe('Seconds that the address is good for, at most a week');
/** What is kept beside an object's bytes. */
export const objectHeaders = {
  content_type: headerValue.optional().describe('Default: `application/octet-stream`'),
  cache_control: headerValue.optional(),
  content_disposition: headerValue.optional(),
  content_encoding: headerValue.optional(),
  metadata: metadata
    .optional()
    .describe(
      "Metadata of one's own, 2 KB in all. Values beyond ASCII are sent as encoded words (RFC 2047), as S3 documents",
    ),
};

/** `objectHeaders` as the library takes them. */
export function toObjectHeaders(given: z.output<z.ZodObject<typeof objectHeaders>>) {
  const { metadata: own = {} } = given;
  return {
    ContentType: given.content_type ?? 'application/octet-stream',
    CacheControl: given.cache_control,
    ContentDisposition: given.content_disposition,
    ContentEncoding: given.content_encoding,
    Metadata: Object.fromEntries(Object.entries(own).map(([name, value]) => [name, encodeMetadata(value)])),
  };
}
