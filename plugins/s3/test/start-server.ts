import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { startFauxqs } from 'fauxqs';
import { checkSignature, S3Refusal } from './check-signature.ts';
import type { SignedRequest } from './check-signature.ts';
import { escapeXml } from './escape-xml.ts';
import type { Tag } from './kept-tags.ts';
import { answerTags, isOfTags, noteTags } from './kept-tags.ts';
import type { Upload } from './kept-uploads.ts';
import { isListOfUploads, listUploads, noteUpload } from './kept-uploads.ts';

/** Somebody with an access key. */
export interface User {
  readonly secret: string;
  /** Which requests are answered; others get AccessDenied. Default: all. */
  readonly may?: (request: SignedRequest) => boolean;
}

export interface S3Server {
  readonly url: string;
  /** Where a second client looks at what is kept, unsigned. */
  readonly store: string;
  /** Ends it, with every connection. What it kept is gone. */
  stop(): Promise<void>;
  /** Starts an empty one at the same port. */
  restart(): Promise<void>;
}

export interface S3ServerOptions {
  /** By access key. Default: `key` with the secret `secret`, who may do everything. */
  readonly users?: Readonly<Record<string, User>>;
  /** The only region that requests may be signed for. Default: us-east-1. */
  readonly region?: string;
  /** Milliseconds that its clock is ahead of ours. */
  readonly clockAheadMs?: number;
  /** PEM. With it, it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What goes wrong with a request that is otherwise right. Default: nothing. */
  readonly interfere?: (request: SignedRequest) => Interference | undefined;
}

/** No answer; a connection that breaks before or after the request is done; a refusal. */
export type Interference = 'silence' | 'break' | 'break-afterwards' | S3Refusal;

/** What every test signs with unless it says otherwise. */
export const auth = { type: 'basic', username: 'key', password: 'secret' } as const;

const MAX_METADATA_BYTES = 2048;
const MAX_KEY_BYTES = 1024;

/** An S3 server within this process. It lets in only what is signed, as S3 does. */
export async function startServer(options: S3ServerOptions = {}): Promise<S3Server> {
  let running = await listen(options, 0);
  const { port } = running;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get store() {
      return `http://127.0.0.1:${running.storePort}`;
    },
    stop: () => running.stop(),
    async restart() {
      running = await listen(options, port);
    },
  };
}

async function listen(
  options: S3ServerOptions,
  wanted: number,
): Promise<{ readonly port: number; readonly storePort: number; stop(): Promise<void> }> {
  const store = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const tags = new Map<string, Tag[]>();
  const uploads = new Map<string, Upload>();
  const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    answer(options, { store: store.port, tags, uploads }, incoming, response).catch((error: unknown) =>
      refuse(incoming, response, error),
    );
  };
  const { tls } = options;
  const server = tls === undefined ? createServer(onRequest) : createSecureServer(tls, onRequest);
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    storePort: store.port,
    async stop() {
      server.closeAllConnections();
      await Promise.all([store.stop(), server.listening ? once(server.close(), 'close') : undefined]);
    },
  };
}

/** What is kept here rather than in the store behind. */
interface Kept {
  readonly store: number;
  readonly tags: Map<string, Tag[]>;
  readonly uploads: Map<string, Upload>;
}

async function answer(
  { users = { key: { secret: 'secret' } }, region = 'us-east-1', clockAheadMs = 0, interfere }: S3ServerOptions,
  { store, tags, uploads }: Kept,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url = '', headers } = incoming;
  const request = { method, url, headers, body: Buffer.concat(chunks) };
  const accessKey = checkSignature(request, {
    region,
    now: Date.now() + clockAheadMs,
    secretOf: (key) => (Object.hasOwn(users, key) ? users[key]?.secret : undefined),
  });
  const user = accessKey === undefined ? undefined : users[accessKey];
  if (user === undefined || user.may?.(request) === false) throw new S3Refusal(403, 'AccessDenied', 'Access Denied');
  checkLimits(request);
  await checkConditions(request, store);
  if (isOfTags(request)) {
    await assertBucket(request, store);
    await assertObject(request, store);
    answerTags(request, tags, response);
    return;
  }
  noteTags(request, tags);
  if (isListOfUploads(request)) {
    await assertBucket(request, store);
    listUploads(request, uploads, response);
    return;
  }
  const wrong = interfere?.(request);
  if (wrong instanceof S3Refusal) throw wrong;
  if (wrong === 'break') response.destroy();
  if (wrong === 'silence' || wrong === 'break') return;
  // The store would take the first part of any other name for a bucket.
  const host = /\.localhost(:|$)/.test(headers.host ?? '') ? headers.host : `127.0.0.1:${store}`;
  const onward = send({
    host: '127.0.0.1',
    port: store,
    method,
    path: url,
    headers: { ...headers, host, ...(await wholeRange(request, store)) },
  });
  onward.on('response', (back) => {
    noteUpload(request, uploads, back);
    if (wrong === 'break-afterwards') {
      back.resume().on('end', () => response.destroy());
      return;
    }
    response.writeHead(back.statusCode ?? 500, back.rawHeaders);
    back.pipe(response);
  });
  onward.on('error', (error) => refuse(incoming, response, error));
  onward.end(request.body);
}

function checkLimits({ method, url, headers }: SignedRequest): void {
  if (method === 'PUT' && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw new S3Refusal(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  const [, , ...key] = decodeURIComponent(url.split('?')[0] ?? '').split('/');
  if (Buffer.byteLength(key.join('/')) > MAX_KEY_BYTES)
    throw new S3Refusal(400, 'KeyTooLongError', 'Your key is too long');
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  const size = metadata.reduce(
    (sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + String(value).length,
    0,
  );
  if (size > MAX_METADATA_BYTES) throw new S3Refusal(400, 'MetadataTooLarge', 'the metadata is too large');
}

/** The last bytes of an object that has fewer are all of it, where the store behind refuses. An empty one has none. */
async function wholeRange({ url, headers }: SignedRequest, store: number): Promise<{ readonly range?: string }> {
  const last = /^bytes=-(\d+)$/.exec(String(headers['range']))?.[1];
  if (last === undefined) return {};
  const found = await fetch(`http://127.0.0.1:${store}${url.split('?')[0]}`, { method: 'HEAD' });
  const size = Number(found.headers.get('content-length'));
  return size > 0 && Number(last) > size ? { range: 'bytes=0-' } : {};
}

/** Conditional writes, which the store behind does not know. */
async function checkConditions({ method, url, headers }: SignedRequest, store: number): Promise<void> {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  const [path = '', query = ''] = url.split('?');
  const writes =
    (method === 'PUT' && query.replace('x-id=PutObject', '') === '') ||
    (method === 'POST' && query.includes('uploadId='));
  if (!writes || (match === undefined && noneMatch === undefined)) return;
  const found = await fetch(`http://127.0.0.1:${store}${path}`, { method: 'HEAD' });
  const etag = found.ok ? found.headers.get('etag') : null;
  if (match !== undefined && etag === null) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
  if ((noneMatch === '*' && etag !== null) || (match !== undefined && match !== etag))
    throw new S3Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

/** What is kept here is kept in buckets of the store behind. */
async function assertBucket({ url }: SignedRequest, store: number): Promise<void> {
  const bucket = url.split(/[/?]/)[1] ?? '';
  const found = await fetch(`http://127.0.0.1:${store}/${bucket}`, { method: 'HEAD' });
  if (!found.ok)
    throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist', {
      BucketName: decodeURIComponent(bucket),
    });
}

async function assertObject({ url }: SignedRequest, store: number): Promise<void> {
  const [path = ''] = url.split('?');
  const found = await fetch(`http://127.0.0.1:${store}${path}`, { method: 'HEAD' });
  if (!found.ok) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
}

function refuse({ method }: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const { status, code, message, more, headers } =
    error instanceof S3Refusal ? error : new S3Refusal(500, 'InternalError', String(error));
  const elements = Object.entries({ Code: code, Message: message, ...more }).map(
    ([name, value]) => `<${name}>${escapeXml(value)}</${name}>`,
  );
  response.writeHead(status, {
    'content-type': 'application/xml',
    ...headers,
    ...(more['Region'] === undefined ? {} : { 'x-amz-bucket-region': more['Region'] }),
  });
  response.end(
    method === 'HEAD' ? undefined : `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join('')}</Error>`,
  );
}
