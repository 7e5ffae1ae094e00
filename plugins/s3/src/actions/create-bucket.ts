import { action } from '@automate/sdk';
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { bucket } from '../inputs.ts';
import { defined } from '../outputs.ts';
import type { S3Client } from '../s3-client.ts';

const input = z.strictObject({ bucket });
const output = z.object({ location: z.string().optional() });

/** The one region that must not be named. */
const UNNAMED_REGION = 'us-east-1';

/** Creates a bucket. Not idempotent: the second time it exists already. */
export const createBucket = (s3: S3Client) =>
  action({
    description: 'Creates a bucket in the region of the connector.',
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run(payload, context) {
      const { region } = s3.settings;
      const answer = await s3.run(context, `CreateBucket of "${payload.bucket}"`, ({ sdk, aws, options }) =>
        aws.send(
          new sdk.CreateBucketCommand({
            Bucket: payload.bucket,
            ...(region === UNNAMED_REGION
              ? {}
              : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } }),
          }),
          options,
        ),
      );
      return defined({ location: answer.Location });
    },
  });
