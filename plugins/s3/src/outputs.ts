import { z } from 'zod';
import { decodeHeader, decodeMetadata } from './header-text.ts';

/** A record of zod would drop a member called `__proto__`. */
const metadata = z.any().meta({ type: 'object', additionalProperties: { type: 'string' } }) as z.ZodType<
  Record<string, string>
>;

/** What the service says of an object without its bytes. */
export const objectInfo = {
  size: z.int().nonnegative().optional().describe('Bytes'),
  etag: z.string().optional().describe('Without quotes'),
  last_modified: z.string().optional().describe('RFC 3339'),
  content_type: z.string().optional(),
  cache_control: z.string().optional(),
  content_disposition: z.string().optional(),
  content_encoding: z.string().optional(),
  version_id: z.string().optional(),
  metadata: metadata.optional().describe("Metadata of one's own; names in lower case"),
};

interface ObjectAnswer {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly ContentType?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}

/** What GetObject and HeadObject say in common. */
export function toObjectInfo(answer: ObjectAnswer) {
  return defined({
    etag: toEtag(answer.ETag),
    last_modified: answer.LastModified?.toISOString(),
    content_type: answer.ContentType,
    cache_control: answer.CacheControl,
    content_disposition: answer.ContentDisposition === undefined ? undefined : decodeHeader(answer.ContentDisposition),
    content_encoding: answer.ContentEncoding,
    version_id: answer.VersionId,
    metadata: Object.fromEntries(
      Object.entries(answer.Metadata ?? {}).map(([name, header]) => [name, decodeMetadata(header)]),
    ),
  });
}

/** ETags are sent in quotes, which say nothing. */
export function toEtag(quoted: string | undefined): string | undefined {
  return quoted?.replace(/^"(.*)"$/, '$1');
}

/** Without what is undefined, which JSON does not know. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
