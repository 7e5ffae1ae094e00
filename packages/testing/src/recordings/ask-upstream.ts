import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { RecordedRequest } from '../fake-service.ts';
import { replaceAddress, replaceAddressIn, toRecordedBody } from './bodies.ts';
import type { Answer } from './exchange.ts';
import { SERVICE } from './exchange.ts';

/** Those of one connection, and what is another one with each answer. */
const PASSING = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-encoding',
  'content-length',
  'date',
  'host',
  'accept-encoding',
]);

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** Asks the real service what a connector asked at `origin`, word by word, and gives what it answered. */
export async function askUpstream(request: RecordedRequest, origin: string, upstream: string): Promise<Answer> {
  const body = replaceAddressIn(request.body, origin, upstream);
  const { protocol, hostname, port, host } = new URL(upstream);
  const kept = Object.entries(request.headers).filter(([name]) => !PASSING.has(name));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = (protocol === 'https:' ? requestHttps : requestHttp)(
    {
      hostname: hostname.replace(/^\[|\]$/g, ''),
      ...(port === '' ? {} : { port: Number(port) }),
      method: request.method,
      path: replaceAddress(request.target, origin, upstream),
      headers: {
        ...Object.fromEntries(kept),
        host,
        // Readable as it comes.
        'accept-encoding': 'identity',
        ...(body.byteLength === 0 && ['GET', 'HEAD'].includes(request.method)
          ? {}
          : { 'content-length': body.byteLength }),
      },
    },
    resolve,
  );
  asked.once('error', reject);
  asked.end(body);
  const answer = await promise;
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const bytes = decode(Buffer.concat(chunks), answer.headers['content-encoding']);
  const headers = Object.entries(answer.headersDistinct)
    // The answer to HEAD has no body of which the length could be told.
    .filter(([name]) => !PASSING.has(name) || (name === 'content-length' && request.method === 'HEAD'))
    .map(([name, values = []]): [string, string | string[]] => {
      const own = values.map((value) => replaceAddress(value, upstream, SERVICE));
      return [name, own.length === 1 ? (own[0] ?? '') : own];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    status: answer.statusCode ?? 0,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...toRecordedBody(replaceAddressIn(bytes, upstream, SERVICE), answer.headers['content-type']),
  };
}

function decode(bytes: Uint8Array, encoding: string | undefined): Uint8Array {
  if (encoding === undefined || encoding === 'identity' || bytes.byteLength === 0) return bytes;
  const decoder = DECODERS[encoding.toLowerCase()];
  if (decoder === undefined)
    throw new Error(`it answers in the encoding ${encoding}, in which secrets cannot be found`);
  return decoder(bytes);
}
