import { action } from '@automate/sdk';
import { z } from 'zod';
import { bucketOrDefault, MAX_KEYS } from '../inputs.ts';
import { keyDecoder } from '../key-decoder.ts';
import { defined, toEtag } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';
import { badAnswer } from '../s3-error.ts';

const input = z.strictObject({
  bucket: bucketOrDefault,
  prefix: z.string().min(1).optional().describe('Only keys that begin so'),
  delimiter: z.string().min(1).optional().describe('As in `list_objects`'),
  key_marker: z.string().min(1).optional().describe('`key_marker` of the page before'),
  version_id_marker: z.string().min(1).optional().describe('`version_id_marker` of the page before'),
  max_keys: z.int().min(1).max(MAX_KEYS).default(MAX_KEYS).describe('Most versions, markers and prefixes of one page'),
});
const version = {
  key: z.string(),
  version_id: z.string().optional().describe('`null`, as text, for what was written before the bucket kept versions'),
  is_latest: z.boolean(),
  last_modified: z.string().optional().describe('RFC 3339'),
};
const output = z.object({
  versions: z.array(
    z.object({
      ...version,
      size: z.int().nonnegative().describe('Bytes'),
      etag: z.string().optional().describe('Without quotes'),
      storage_class: z.string().optional(),
    }),
  ),
  delete_markers: z.array(z.object(version)).describe('What hides an object that was deleted without naming a version'),
  prefixes: z.array(z.string()),
  truncated: z.boolean().describe('Whether there are more'),
  key_marker: z.string().optional().describe('Where the next page begins, with `version_id_marker`'),
  version_id_marker: z.string().optional(),
});

/** Lists what a bucket that keeps versions has kept, a page at a time. */
export const listObjectVersions = (s3: S3Client) =>
  action({
    description: 'Lists the versions of objects, and the markers of deleted ones, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const bucket = s3.bucket(payload.bucket);
      const what = `ListObjectVersions of "${bucket}"`;
      const answer = await s3.run(context, what, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.ListObjectVersionsCommand({
            Bucket: bucket,
            Prefix: payload.prefix,
            Delimiter: payload.delimiter,
            KeyMarker: payload.key_marker,
            VersionIdMarker: payload.version_id_marker,
            MaxKeys: payload.max_keys,
            EncodingType: 'url',
          }),
          options,
        ),
      );
      const asked = { what, endpoint: s3.endpoint };
      const decode = keyDecoder(answer.EncodingType, asked);
      const truncated = answer.IsTruncated ?? false;
      if (truncated && answer.NextKeyMarker === undefined)
        throw badAnswer(asked, 'a page that is not the last, without a marker for the next');
      const versions = (answer.Versions ?? []).map(({ Size = 0, ETag, StorageClass, ...entry }) =>
        defined({ ...toEntry(entry, decode), size: Size, etag: toEtag(ETag), storage_class: StorageClass }),
      );
      const markers = (answer.DeleteMarkers ?? []).map((entry) => defined(toEntry(entry, decode)));
      const prefixes = (answer.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix));
      const next = truncated ? nextOf(answer, [...versions, ...markers], decode) : {};
      return { versions, delete_markers: markers, prefixes, truncated, ...next };
    },
  });

interface Listed {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly LastModified?: Date | undefined;
}

const toEntry = ({ Key, VersionId, IsLatest = false, LastModified }: Listed, decode: (key?: string) => string) => ({
  key: decode(Key),
  version_id: VersionId,
  is_latest: IsLatest,
  last_modified: LastModified?.toISOString(),
});

/**
 * Where the next page begins. Swift names the key without encoding it, and `null` for every version: then the oldest
 * version of that key here is the one, as the rest of its versions would be missing otherwise.
 */
function nextOf(
  answer: { readonly NextKeyMarker?: string | undefined; readonly NextVersionIdMarker?: string | undefined },
  entries: readonly ReturnType<typeof toEntry>[],
  decode: (key?: string) => string,
) {
  const { NextKeyMarker: raw = '', NextVersionIdMarker: version } = answer;
  const key = entries.some((entry) => entry.key === raw) ? raw : decode(raw);
  const own = entries.filter((entry) => entry.key === key);
  const named = own.length === 0 || own.some((entry) => entry.version_id === version);
  const oldest = own.toSorted((a, b) => (a.last_modified ?? '').localeCompare(b.last_modified ?? ''))[0];
  return defined({ key_marker: key, version_id_marker: named ? version : oldest?.version_id });
}
