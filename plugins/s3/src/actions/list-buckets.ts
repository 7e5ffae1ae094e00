import { action } from '@automate/sdk';
import { z } from 'zod';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({
  prefix: z
    .string()
    .min(1)
    .optional()
    .describe('Only buckets whose names begin so; many services other than AWS give all'),
  max_buckets: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Most buckets of one page; many services other than AWS give all'),
  continuation_token: z.string().min(1).optional().describe('`continuation_token` of the page before'),
});
const output = z.object({
  buckets: z.array(z.object({ name: z.string(), created: z.string().optional().describe('RFC 3339') })),
  continuation_token: z.string().optional().describe('Where the next page begins; absent on the last one'),
});

/** Lists the buckets of the access key's owner. */
export const listBuckets = (s3: S3Client) =>
  action({
    description: 'Lists the buckets that the access key owns.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const answer = await s3.run(context, 'ListBuckets', ({ sdk, aws, options }) =>
        aws.send(
          new sdk.ListBucketsCommand({
            Prefix: payload.prefix,
            MaxBuckets: payload.max_buckets,
            ContinuationToken: payload.continuation_token,
          }),
          options,
        ),
      );
      return defined({
        buckets: (answer.Buckets ?? []).map(({ Name = '', CreationDate }) =>
          defined({ name: Name, created: CreationDate?.toISOString() }),
        ),
        continuation_token: answer.ContinuationToken,
      });
    },
  });
