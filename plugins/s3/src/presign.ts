import type { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client, Sdk } from './s3-client.ts';

export interface PresignOptions {
  /** Seconds. */
  readonly expiresIn: number;
  /** Headers that are part of the signature, so that they must be sent as they are. */
  readonly signableHeaders?: Set<string>;
}

/** An address that carries its own permission. */
export async function presign(
  s3: S3Client,
  options: PresignOptions,
  commandOf: (sdk: Sdk) => GetObjectCommand | PutObjectCommand,
): Promise<{ url: string; expires_at: string }> {
  return s3.withSigner(async ({ sdk, aws }) => {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
    const signingDate = new Date();
    const url = await getSignedUrl(aws, commandOf(sdk), { ...options, signingDate });
    return { url, expires_at: new Date(signingDate.getTime() + options.expiresIn * 1000).toISOString() };
  });
}
