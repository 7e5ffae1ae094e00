import { ConnectorAdapter, ConnectorError } from '@automate/sdk';
import type { AdapterHealth, CallContext, CallScope, ConnectorContext } from '@automate/sdk';
import { abortUpload } from './actions/abort-upload.ts';
import { call } from './actions/call.ts';
import { copyObject } from './actions/copy-object.ts';
import { createBucket } from './actions/create-bucket.ts';
import { deleteObject } from './actions/delete-object.ts';
import { deleteObjects } from './actions/delete-objects.ts';
import { downloadFile } from './actions/download-file.ts';
import { getObjectTags } from './actions/get-object-tags.ts';
import { getObject } from './actions/get-object.ts';
import { headObject } from './actions/head-object.ts';
import { listBuckets } from './actions/list-buckets.ts';
import { listObjectVersions } from './actions/list-object-versions.ts';
import { listObjects } from './actions/list-objects.ts';
import { listUploads } from './actions/list-uploads.ts';
import { presignGet } from './actions/presign-get.ts';
import { presignPut } from './actions/presign-put.ts';
import { putObject } from './actions/put-object.ts';
import { setObjectTags } from './actions/set-object-tags.ts';
import { uploadFile } from './actions/upload-file.ts';
import { uploadFromUrl } from './actions/upload-from-url.ts';
import { configSchema } from './config.ts';
import { S3Client } from './s3-client.ts';

/** Amazon S3, or what speaks its API. */
export default class S3Adapter extends ConnectorAdapter {
  readonly name: string = 's3';
  readonly version = '1.0.0';
  override readonly title: string = 'S3';
  override readonly description: string = 'Reads and writes objects in Amazon S3 and in services that speak its API.';
  override readonly configSchema = configSchema;
  readonly #s3 = new S3Client();
  override readonly actions = {
    list_buckets: listBuckets(this.#s3),
    create_bucket: createBucket(this.#s3),
    list_objects: listObjects(this.#s3),
    get_object: getObject(this.#s3),
    head_object: headObject(this.#s3),
    put_object: putObject(this.#s3),
    upload_file: uploadFile(this.#s3),
    upload_from_url: uploadFromUrl(this.#s3),
    download_file: downloadFile(this.#s3),
    list_uploads: listUploads(this.#s3),
    abort_upload: abortUpload(this.#s3),
    copy_object: copyObject(this.#s3),
    delete_object: deleteObject(this.#s3),
    delete_objects: deleteObjects(this.#s3),
    list_object_versions: listObjectVersions(this.#s3),
    get_object_tags: getObjectTags(this.#s3),
    set_object_tags: setObjectTags(this.#s3),
    presign_get: presignGet(this.#s3),
    presign_put: presignPut(this.#s3),
    call: call(this.#s3),
  };

  override initialize(context: ConnectorContext): void {
    this.#s3.open(context, this.getEndpoint());
  }

  override onSecretsChanged(): void {
    this.#s3.renew(this.context, this.getEndpoint());
  }

  override async connect(): Promise<boolean> {
    const { config, signal } = this.context;
    try {
      await this.#look({ deadline: Date.now() + config.limits.startTimeoutMs, signal });
    } catch (error) {
      // The bucket may be what an action is to create.
      if (saidBy(error) !== 'NoSuchBucket') throw error;
    }
    return true;
  }

  /** A configured `health_check.path` must answer 2xx, without `auth`, which is a signing key here; besides, what is read with it. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context, { authorize: false });
    return { status: 'healthy', message: `${this.#s3.endpoint} ${await this.#look(context)}` };
  }

  override async close(): Promise<void> {
    await this.#s3.close();
  }

  /**
   * Reads what costs least and yet takes a signature: the beginning of the configured bucket, or the list of buckets. A
   * service that knows us and denies just this has let us in: many keys may not list.
   */
  async #look(scope: CallScope): Promise<string> {
    const { bucket } = this.#s3.settings;
    const seen = bucket === undefined ? 'the list of buckets' : `the bucket "${bucket}"`;
    try {
      if (bucket === undefined) {
        await this.#s3.run(scope, 'ListBuckets', ({ sdk, aws, options }) =>
          aws.send(new sdk.ListBucketsCommand({}), options),
        );
      } else {
        await this.#s3.run(scope, `ListObjectsV2 of "${bucket}"`, ({ sdk, aws, options }) =>
          aws.send(new sdk.ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), options),
        );
      }
      return `lets us read ${seen}`;
    } catch (error) {
      if (saidBy(error) !== 'AccessDenied') throw error;
      return `knows our access key, which may not list ${seen}`;
    }
  }
}

/** S3's own word for an error. */
function saidBy(error: unknown): unknown {
  return ConnectorError.is(error) ? error.details?.['s3_error'] : undefined;
}
