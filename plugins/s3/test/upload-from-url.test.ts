import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StartedConnector } from '@automate/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type S3Adapter from '../src/s3-adapter.ts';
import { hashOf, LARGE, makeFolders, MIB, secondClient, startMover } from './move-files.ts';
import type { Second } from './move-files.ts';
import { auth, startServer } from './start-server.ts';
import type { S3Server } from './start-server.ts';

const bucket = 'files';
const bytes = randomBytes(LARGE);

/** Answers ranges as RFC 9110 has it. */
function serveRange(content: Buffer, etag: string, request: IncomingMessage, response: ServerResponse): void {
  const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []).map(Number);
  if (from >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end('no such range');
  const part = content.subarray(from, to + 1);
  const range = `bytes ${from}-${from + part.length - 1}/${content.length}`;
  response.writeHead(206, { 'content-range': range, 'content-length': part.length, etag }).end(part);
}

describe('an object from an address', () => {
  let server: S3Server;
  let second: Second;
  let s3: StartedConnector<S3Adapter>;
  const folders = makeFolders();
  const seen: IncomingMessage[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const files = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  const elsewhere = createServer((request, response) => {
    seen.push(request);
    serveRange(bytes, '"1"', request, response);
  });
  const urlOf = (of: typeof files): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

  beforeAll(async () => {
    for (const each of [files, elsewhere]) await once(each.listen(0, '127.0.0.1'), 'listening');
    server = await startServer();
    second = secondClient(server.url, auth);
    s3 = await startMover(server.url, auth, { folders, settings: { url_origins: [urlOf(files)] } });
    await s3.call('create_bucket', { bucket });
  });
  afterEach(async () => {
    seen.length = 0;
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
  });
  afterAll(async () => {
    second?.close();
    await s3?.close();
    await server?.stop();
    folders.remove();
    for (const each of [files, elsewhere]) {
      each.closeAllConnections();
      each.close();
    }
  });

  it('is written range by range, byte by byte, without our credentials', async () => {
    answer = (request, response) =>
      request.url === '/moved'
        ? response.writeHead(302, { location: '/large?signature=s%2B3' }).end()
        : serveRange(bytes, '"1"', request, response);
    const object = { key: 'from-url', url: `${urlOf(files)}/moved`, content_type: 'text/x-url' };
    await expect(s3.call('upload_from_url', object)).resolves.toMatchObject({ size: LARGE });
    await expect(second.hash(bucket, 'from-url')).resolves.toBe(hashOf(bytes));
    const [, target] = seen;
    expect(target?.url).toBe('/large?signature=s%2B3');
    expect(seen.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  }, 240_000);

  it.each([
    ['empty, by ranges', Buffer.alloc(0), 206],
    ['empty', Buffer.alloc(0), 200],
    ['small, by ranges', bytes.subarray(0, 10), 206],
    ['small', bytes.subarray(0, 10), 200],
    ['one part', bytes.subarray(0, 8 * MIB), 200],
  ])('may be %s', async (key, content, status) => {
    answer = (request, response) =>
      status === 200 ? response.end(content) : serveRange(content, '"1"', request, response);
    await expect(s3.call('upload_from_url', { key, url: `${urlOf(files)}/` })).resolves.toMatchObject({
      size: content.length,
    });
    await expect(second.hash(bucket, key)).resolves.toBe(hashOf(content));
  });

  it.each<[string, typeof answer, object]>([
    [
      'whose server gives no ranges of what is larger than a part',
      (_request, response) => response.end(bytes),
      { code: 'UPSTREAM_5XX', effect: 'none', details: { reason: 'answer_too_large' } },
    ],
    [
      'whose server gives other ranges',
      (_request, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('56789'),
      { code: 'UPSTREAM_5XX', effect: 'none', details: { reason: 'bad_range' } },
    ],
    [
      'that changes meanwhile',
      (request, response) =>
        serveRange(bytes, `"${String(request.headers.range).startsWith('bytes=0-')}"`, request, response),
      { effect: 'none', details: { reason: 'source_changed' } },
    ],
    ['that is not there', (_request, response) => response.writeHead(404).end(), { code: 'NOT_FOUND', effect: 'none' }],
    [
      'that breaks off',
      (request, response) =>
        String(request.headers.range).startsWith('bytes=0-')
          ? serveRange(bytes, '"1"', request, response)
          : response.destroy(),
      { code: 'TRANSIENT_NETWORK', effect: 'none' },
    ],
    [
      'that leads round and round',
      (_request, response) => response.writeHead(302, { location: '/again' }).end(),
      { code: 'UPSTREAM_5XX', effect: 'none', details: { reason: 'redirects' } },
    ],
  ])(
    '%s is none, and nothing is left',
    async (_what, wrong, error) => {
      answer = wrong;
      await expect(s3.call('upload_from_url', { key: 'none', url: `${urlOf(files)}/x` })).rejects.toMatchObject(error);
      await expect(second.has(bucket, 'none')).resolves.toBe(false);
    },
    60_000,
  );

  it('comes only from servers of the settings, redirects included', async () => {
    answer = (_request, response) => response.writeHead(307, { location: `${urlOf(elsewhere)}/x` }).end();
    const refused = { code: 'FORBIDDEN', effect: 'none', details: { reason: 'other_origin' } };
    for (const url of [
      `${urlOf(elsewhere)}/x`,
      `${urlOf(files)}/x`,
      `${server.url}/${bucket}/from-url`,
      'http://localhost:1/',
    ])
      await expect(s3.call('upload_from_url', { key: 'none', url })).rejects.toMatchObject(refused);
    expect(seen).toHaveLength(1);
    for (const url of ['file:///etc/passwd', 'nothing'])
      await expect(s3.call('upload_from_url', { key: 'none', url })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const none = await startMover(server.url, auth, { folders });
    await expect(none.call('upload_from_url', { key: 'none', url: urlOf(files) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { reason: 'no_origins' },
    });
    await none.close();
    await expect(
      startMover(server.url, auth, { folders, settings: { url_origins: ['https://files.example.com/path'] } }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
