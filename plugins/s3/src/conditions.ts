import { z } from 'zod';
import { etag, quoteEtag } from './inputs.ts';
import { toEtag } from './outputs.ts';

const time = z.iso.datetime({ offset: true });

/** Under which a read gives an object. */
export const readConditions = {
  if_match: etag.optional().describe('Only if the object still has this ETag'),
  if_none_match: etag.optional().describe('Only if the object has another ETag; else the answer is `not_modified`'),
  if_modified_since: time
    .optional()
    .describe('Only if it was written after this time; else the answer is `not_modified`. RFC 3339'),
  if_unmodified_since: time.optional().describe('Only if it was not written after this time. RFC 3339'),
};

/** `readConditions` as the library takes them. */
export function toConditions(given: z.output<z.ZodObject<typeof readConditions>>) {
  const date = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
  return {
    IfMatch: quoteEtag(given.if_match),
    IfNoneMatch: quoteEtag(given.if_none_match),
    IfModifiedSince: date(given.if_modified_since),
    IfUnmodifiedSince: date(given.if_unmodified_since),
  };
}

export const notModified = z
  .literal(true)
  .optional()
  .describe('The object is the one that the condition names; nothing else but its ETag is given');

/** The answer of a read whose condition says that the caller has the object already; undefined for what else was thrown. */
export function asNotModified(thrown: unknown): { not_modified: true; etag?: string } | undefined {
  const { $metadata, $response } = (thrown ?? {}) as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  if ($metadata?.httpStatusCode !== 304) return undefined;
  const found = toEtag($response?.headers?.['etag']);
  return { not_modified: true, ...(found === undefined ? {} : { etag: found }) };
}
