import { ConfigInvalidError, guardCall, InvalidInputError } from '@automate/sdk';
import type { CallScope, ConnectorContext, GuardedCall } from '@automate/sdk';
import type * as AwsSdk from '@aws-sdk/client-s3';
import type { S3Client as AwsClient, S3ClientConfig } from '@aws-sdk/client-s3';
import { checkAnswers } from './answer-check.ts';
import { configSchema } from './config.ts';
import type { S3Settings } from './config.ts';
import { sendContentMd5 } from './content-md5.ts';
import { credentialsOf } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import type { Directories } from './local-files.ts';
import type { Asked } from './network-error.ts';
import { s3Error } from './s3-error.ts';

const METADATA = 'x-amz-meta-';

/** AWS's own library. Loaded when the first connector opens: it takes a few hundred milliseconds. */
export type Sdk = typeof AwsSdk;

/** What an exchange with the service is done with. */
export interface Exchange {
  readonly sdk: Sdk;
  readonly aws: AwsClient;
  /** For `aws.send`: ends the request with its call. */
  readonly options: { readonly abortSignal: AbortSignal };
  readonly signal: AbortSignal;
}

interface Place {
  readonly context: ConnectorContext;
  readonly settings: S3Settings;
  /** As configured; empty for AWS. */
  readonly configured: string;
  /** For messages. */
  readonly endpoint: string;
}

interface Connection {
  readonly sdk: Sdk;
  readonly aws: AwsClient;
  readonly config: S3ClientConfig;
  readonly credentials: Credentials | undefined;
}

/**
 * One connector's way to its service, by AWS's library, which knows signatures and XML. Its retries are off: the host
 * decides. Deadlines, cancellation and error classes are ours.
 */
export class S3Client {
  #place: Place | undefined;
  #connection: Promise<Connection> | undefined;
  readonly #ending = new Set<Promise<unknown>>();
  readonly #running = new Set<Promise<unknown>>();

  /** @param endpoint the connector's own, empty without a host: then AWS's of the region */
  open(context: ConnectorContext, endpoint: string): void {
    const settings = configSchema.parse(context.settings);
    const shown = endpoint === '' ? `s3.${settings.region}.amazonaws.com` : endpoint;
    this.#place = { context, settings, configured: endpoint, endpoint: shown };
  }

  /** Has the next request signed with other keys. Those under way go on with theirs. */
  renew(context: ConnectorContext, endpoint: string): void {
    const before = this.#connection;
    this.#connection = undefined;
    this.open(context, endpoint);
    void Promise.allSettled([...this.#running, ...this.#ending]).then(() => letGo(before));
  }

  /** Lets go of every connection, once what `untilClosed` was given has ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#ending);
    const connection = this.#connection;
    this.#connection = undefined;
    await letGo(connection);
  }

  /** Work that the connector's end stops, and that then has something to undo by `finish`. */
  async untilClosed<T>(work: Promise<T>): Promise<T> {
    this.#ending.add(work);
    return work.finally(() => this.#ending.delete(work));
  }

  /** The endpoint, for messages. */
  get endpoint(): string {
    return this.#opened().endpoint;
  }

  /** Where requests go, and the region that they are signed for. */
  get place(): Omit<Asked, 'what'> {
    const { endpoint, settings } = this.#opened();
    return { endpoint, region: settings.region };
  }

  get settings(): S3Settings {
    return this.#opened().settings;
  }

  /** Where calls may read or write files. */
  directories(use: 'read' | 'write'): Directories {
    const { context, settings } = this.#opened();
    return { setting: `settings.files.${use}`, directories: settings.files[use], files: context.files };
  }

  /** The bucket that an action names, or else the settings. */
  bucket(named: string | undefined): string {
    const bucket = named ?? this.settings.bucket;
    if (bucket !== undefined) return bucket;
    throw new InvalidInputError('the payload names no bucket, and neither do the settings of the connector', {
      problems: [{ path: 'bucket', expected: 'the name of a bucket', received: 'nothing' }],
    });
  }

  /**
   * Talks to the service within a call.
   *
   * @param what the request, as the subject of a sentence: `GetObject of "photos/cat.jpg"`
   * @throws ConnectorError of the class that belongs to S3's error or to the failure of the request.
   */
  async run<T>(scope: CallScope, what: string, work: (exchange: Exchange) => Promise<T>): Promise<T> {
    return this.#exchange({ scope, closing: this.#opened().context.signal, what }, work);
  }

  /** As `run`, for what must be undone although the call or the connector has ended. */
  async finish<T>(deadline: number, what: string, work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const never = new AbortController().signal;
    return this.#exchange({ scope: { deadline, signal: never }, closing: never, what }, work);
  }

  async #exchange<T>(call: GuardedCall, work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const { what } = call;
    const running = guardCall(call, async (signal) => {
      const { sdk, aws } = await this.#connected();
      try {
        return await work({ sdk, aws, options: { abortSignal: signal }, signal });
      } catch (thrown) {
        throw s3Error(thrown, { what, ...this.place });
      }
    });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** A client that signs addresses, for which the library's default checksums (of a body that nobody has yet) must be off. */
  async withSigner<T>(work: (exchange: { readonly sdk: Sdk; readonly aws: AwsClient }) => Promise<T>): Promise<T> {
    const { sdk, config, credentials } = await this.#connected();
    if (credentials === undefined || credentials.sessionToken !== undefined) {
      throw new ConfigInvalidError(
        credentials === undefined
          ? 'an address can only be signed with an access key, and the connector has none; the operator must set auth'
          : 'an address signed with temporary credentials would give their session token away; the operator must set lasting ones',
        { details: { reason: 'credentials' } },
      );
    }
    const aws = new sdk.S3Client({ ...config, requestHandler: {}, requestChecksumCalculation: 'WHEN_REQUIRED' });
    try {
      return await work({ sdk, aws });
    } catch (thrown) {
      throw s3Error(thrown, { what: 'signing an address', ...this.place });
    } finally {
      aws.destroy();
    }
  }

  #opened(): Place {
    if (this.#place === undefined) throw new Error('the S3 client was used before it was opened');
    return this.#place;
  }

  /** Made once, with the first request; what could not be made (a file was missing) is tried again with the next. */
  #connected(): Promise<Connection> {
    if (this.#connection === undefined) {
      const made = connectTo(this.#opened());
      this.#connection = made;
      made.catch(() => {
        if (this.#connection === made) this.#connection = undefined;
      });
    }
    return this.#connection;
  }
}

async function letGo(connection: Promise<Connection> | undefined): Promise<void> {
  await connection?.then(
    ({ aws }) => aws.destroy(),
    () => undefined,
  );
}

async function connectTo({ context, settings, configured, endpoint }: Place): Promise<Connection> {
  const credentials = credentialsOf(context);
  const [sdk, { routedHandler }] = await Promise.all([import('@aws-sdk/client-s3'), import('./routed-handler.ts')]);
  const config: S3ClientConfig = {
    region: settings.region,
    maxAttempts: 1,
    followRegionRedirects: false,
    expectContinueHeader: false,
    requestHandler: routedHandler(context),
    forcePathStyle: settings.path_style ?? configured !== '',
    // The library's default is the machine's own AWS configuration, which is not the connector's.
    credentials: credentials ?? { accessKeyId: '', secretAccessKey: '' },
    ...(credentials === undefined ? { signer: { sign: async (request) => request } } : {}),
    // Many services that speak S3's API do not know AWS's newer checksums.
    ...(configured === ''
      ? {}
      : {
          endpoint: configured,
          requestChecksumCalculation: 'WHEN_REQUIRED',
          responseChecksumValidation: 'WHEN_REQUIRED',
        }),
  };
  const aws = new sdk.S3Client(config);
  const headers = Object.entries(context.config.auth.headers ?? {});
  prepareRequests(aws, {
    headers: headers.map(([name, value]) => [name, value.reveal()]),
    contentMd5: configured !== '',
  });
  checkAnswers(aws, { endpoint, region: settings.region });
  keepMetadata(aws);
  return { sdk, aws, config, credentials };
}

interface RequestOptions {
  readonly headers: readonly (readonly [string, string])[];
  readonly contentMd5: boolean;
}

/** What requests carry beyond the library's own. Before they are signed. */
function prepareRequests(aws: AwsClient, { headers, contentMd5 }: RequestOptions): void {
  if (contentMd5) sendContentMd5(aws);
  if (headers.length === 0) return;
  aws.middlewareStack.add(
    (next) => (args) => {
      const { headers: sent } = args.request as { readonly headers: Record<string, string> };
      for (const [name, value] of headers) sent[name.toLowerCase()] = value;
      return next(args);
    },
    { step: 'build', name: 'connectorHeaders' },
  );
}

/** The library drops metadata called `__proto__`: the headers have it. */
function keepMetadata(aws: AwsClient): void {
  aws.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (result.output !== undefined && 'Metadata' in result.output) {
        const { headers } = result.response as { readonly headers: Readonly<Record<string, string>> };
        const own = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
        result.output.Metadata = Object.fromEntries(own.map(([name, value]) => [name.slice(METADATA.length), value]));
      }
      return result;
    },
    { step: 'deserialize', priority: 'high', name: 'keepMetadata' },
  );
}
