import { callAction } from '@automate/sdk/exchange';
import type { S3Client } from '../s3-client.ts';
import { sendSigned } from '../send-signed.ts';

/** Any request of S3's API, signed. */
export const call = (s3: S3Client) =>
  callAction({
    description:
      'Sends any signed request, such as `PUT /bucket?versioning` with a body of XML, for what there is no action. The path is `/bucket/key`, encoded.',
    send: (request, context) => sendSigned(s3, request, context),
  });
