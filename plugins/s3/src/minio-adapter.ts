import { ConfigInvalidError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import S3Adapter from './s3-adapter.ts';

/** A MinIO server. It is S3 but for one thing: there is no MinIO where no host is named. */
export default class MinioAdapter extends S3Adapter {
  override readonly name = 'minio';
  override readonly title = 'MinIO';
  override readonly description = 'Reads and writes objects in a MinIO server.';

  override initialize(context: ConnectorContext): void {
    if (context.config.host === undefined) {
      throw new ConfigInvalidError(
        `connector "${context.id}" has no host; the operator must set the host of the MinIO server`,
        { details: { reason: 'no_endpoint' } },
      );
    }
    super.initialize(context);
  }
}
