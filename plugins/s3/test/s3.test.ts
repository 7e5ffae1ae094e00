// Long: every action over the same buckets, in the order in which a user would meet them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@automate/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import MinioAdapter from '../src/minio-adapter.ts';
import S3Adapter from '../src/s3-adapter.ts';
import type { S3Server } from './start-server.ts';
import { auth, startServer } from './start-server.ts';

type Connector = Awaited<ReturnType<typeof startConnector<S3Adapter>>>;

describe.each([
  ['s3', S3Adapter],
  ['minio', MinioAdapter],
])('the kind %s at an S3 server', (_kind, Adapter) => {
  let server: S3Server;
  let s3: Connector;
  let bucket = '';
  let count = 0;

  beforeAll(async () => {
    server = await startServer();
    s3 = await startConnector(Adapter, { url: server.url, config: { auth } });
  });
  beforeEach(async () => {
    bucket = `bucket-${(count += 1)}`;
    await s3.call('create_bucket', { bucket });
  });
  afterAll(async () => {
    await s3?.close();
    await server?.stop();
  });

  it('lets the connector connect, and is healthy', async () => {
    await expect(s3.adapter.connect()).resolves.toBe(true);
    await expect(s3.health()).resolves.toStrictEqual({
      status: 'healthy',
      message: `${server.url} lets us read the list of buckets`,
    });
  });

  it('lists the buckets that were created', async () => {
    const { buckets } = await s3.call('list_buckets');
    expect(buckets).toContainEqual({ name: bucket, created: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  it('gives back the bytes, the type and the metadata that it was given', async () => {
    const bytes = Buffer.from([0, 255, 254, 13, 10, 128]);
    const object = { bucket, key: 'folder/ä name+with %25 & marks?.bin' };
    const written = await s3.call('put_object', {
      ...object,
      base64: bytes.toString('base64'),
      content_type: 'image/x-test',
      metadata: { owner: 'ann' },
    });
    expect(written).toStrictEqual({ etag: expect.stringMatching(/^[0-9a-f]{32}$/) });
    const info = {
      size: 6,
      etag: written['etag'],
      content_type: 'image/x-test',
      last_modified: expect.stringMatching(/^\d{4}-.*Z$/),
      metadata: { owner: 'ann' },
    };
    await expect(s3.call('get_object', object)).resolves.toStrictEqual({
      ...info,
      total_size: 6,
      base64: bytes.toString('base64'),
    });
    await expect(s3.call('head_object', object)).resolves.toStrictEqual(info);
    await expect(s3.call('list_objects', { bucket })).resolves.toMatchObject({
      objects: [{ key: object.key, size: 6 }],
    });
  });

  it('writes and reads text, the empty one too', async () => {
    await s3.call('put_object', { bucket, key: 'text', text: 'Grüße ☃' });
    await expect(s3.call('get_object', { bucket, key: 'text', as: 'text' })).resolves.toMatchObject({
      text: 'Grüße ☃',
      size: 11,
    });
    await s3.call('put_object', { bucket, key: 'empty', text: '' });
    await expect(s3.call('get_object', { bucket, key: 'empty', as: 'text' })).resolves.toMatchObject({
      text: '',
      size: 0,
    });
  });

  it('does not pretend that bytes are text', async () => {
    await s3.call('put_object', { bucket, key: 'bytes', base64: '//79' });
    await expect(s3.call('get_object', { bucket, key: 'bytes', as: 'text' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'not_utf8' },
    });
  });

  it.each([
    [{ start: 2, end: 4 }, '234'],
    [{ start: 7 }, '789'],
    [{ last: 2 }, '89'],
    [{ last: 20 }, '0123456789'],
  ])('reads the range %j', async (range, text) => {
    await s3.call('put_object', { bucket, key: 'digits', text: '0123456789' });
    await expect(s3.call('get_object', { bucket, key: 'digits', range, as: 'text' })).resolves.toMatchObject({
      text,
      size: text.length,
      total_size: 10,
    });
  });

  it('blames the caller for a range beyond the end', async () => {
    await s3.call('put_object', { bucket, key: 'digits', text: '0123456789' });
    await expect(s3.call('get_object', { bucket, key: 'digits', range: { start: 10 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { status: 416 },
    });
    for (const range of [{}, { end: 3 }, { start: 1, last: 2 }] as JsonObject[]) {
      await expect(s3.call('get_object', { bucket, key: 'digits', range })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'range' }],
      });
    }
  });

  it('refuses an object beyond the limit with its size, and gives it in ranges', async () => {
    await s3.call('put_object', { bucket, key: 'large', text: 'x'.repeat(1000) });
    await expect(s3.call('get_object', { bucket, key: 'large', max_bytes: 999 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('presign_get'),
      details: { reason: 'object_too_large', size: 1000, max_bytes: 999 },
    });
    await expect(s3.call('get_object', { bucket, key: 'large', max_bytes: 1000 })).resolves.toMatchObject({
      size: 1000,
    });
    await expect(
      s3.call('get_object', { bucket, key: 'large', max_bytes: 10, range: { start: 0, end: 9 } }),
    ).resolves.toMatchObject({ size: 10, total_size: 1000 });
  });

  it('refuses to write more than a payload may hold', async () => {
    await expect(
      s3.call('put_object', { bucket, key: 'large', text: 'x'.repeat(2 * 1024 * 1024 + 1) }),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'text' }],
    });
    await expect(s3.call('put_object', { bucket, key: 'both', text: '', base64: '' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('lists every object, page by page', async () => {
    const keys = Array.from({ length: 7 }, (_, n) => `key-${n}`);
    for (const key of keys) await s3.call('put_object', { bucket, key, text: key });
    const pages: string[][] = [];
    let page = await s3.call('list_objects', { bucket, max_keys: 3 });
    for (;;) {
      pages.push((page['objects'] as { key: string }[]).map(({ key }) => key));
      if (page['truncated'] === false) break;
      page = await s3.call('list_objects', {
        bucket,
        max_keys: 3,
        continuation_token: page['continuation_token'] as string,
      });
    }
    expect(pages).toStrictEqual([keys.slice(0, 3), keys.slice(3, 6), keys.slice(6)]);
    expect(page).not.toHaveProperty('continuation_token');
  });

  it('lists by prefix, by folder and after a key', async () => {
    for (const key of ['a/1', 'a/2', 'b/1', 'c']) await s3.call('put_object', { bucket, key, text: key });
    const keysOf = ({ objects, prefixes }: { objects?: unknown; prefixes?: unknown }) => [
      (objects as { key: string }[]).map(({ key }) => key),
      prefixes,
    ];
    expect(keysOf(await s3.call('list_objects', { bucket, prefix: 'a/' }))).toStrictEqual([['a/1', 'a/2'], []]);
    expect(keysOf(await s3.call('list_objects', { bucket, delimiter: '/' }))).toStrictEqual([['c'], ['a/', 'b/']]);
    expect(keysOf(await s3.call('list_objects', { bucket, start_after: 'a/2' }))).toStrictEqual([['b/1', 'c'], []]);
  });

  it('copies an object, with its metadata or with other', async () => {
    const source = { bucket, key: 'some where/ä', text: 'copied', content_type: 'text/x-one', metadata: { one: '1' } };
    await s3.call('put_object', source);
    await s3.call('copy_object', { bucket, key: 'same', source_key: source.key });
    await expect(s3.call('get_object', { bucket, key: 'same', as: 'text' })).resolves.toMatchObject({
      text: 'copied',
      content_type: 'text/x-one',
      metadata: { one: '1' },
    });
    const other = `${bucket}-other`;
    await s3.call('create_bucket', { bucket: other });
    const replace = { content_type: 'text/x-two', metadata: { two: '2' } };
    await s3.call('copy_object', { bucket: other, key: 'new', source_bucket: bucket, source_key: source.key, replace });
    await expect(s3.call('get_object', { bucket: other, key: 'new', as: 'text' })).resolves.toMatchObject({
      text: 'copied',
      content_type: 'text/x-two',
      metadata: { two: '2' },
    });
    await expect(s3.call('copy_object', { bucket, key: 'x', source_key: 'missing' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('deletes an object, and one that is not there', async () => {
    await s3.call('put_object', { bucket, key: 'gone', text: '' });
    await expect(s3.call('delete_object', { bucket, key: 'gone' })).resolves.toStrictEqual({});
    await expect(s3.call('head_object', { bucket, key: 'gone' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(s3.call('delete_object', { bucket, key: 'gone' })).resolves.toStrictEqual({});
  });

  it('deletes many objects and says so of each', async () => {
    for (const key of ['1', '2 & more', '3']) await s3.call('put_object', { bucket, key, text: key });
    await expect(
      s3.call('delete_objects', { bucket, objects: [{ key: '1' }, { key: '2 & more' }] }),
    ).resolves.toStrictEqual({ deleted: [{ key: '1' }, { key: '2 & more' }] });
    await expect(s3.call('list_objects', { bucket })).resolves.toMatchObject({ objects: [{ key: '3' }] });
  });

  it('signs an address to read from and one to write to', async () => {
    const put = await s3.call('presign_put', { bucket, key: 'signed', content_type: 'text/x-signed', expires_in: 60 });
    const sent = await fetch(String(put['url']), {
      method: 'PUT',
      body: 'by address',
      headers: put['headers'] as Record<string, string>,
    });
    expect(sent.status).toBe(200);
    expect(Date.parse(String(put['expires_at'])) - Date.now()).toBeGreaterThan(30_000);
    const get = await s3.call('presign_get', { bucket, key: 'signed' });
    const read = await fetch(String(get['url']));
    expect([await read.text(), read.headers.get('content-type')]).toStrictEqual(['by address', 'text/x-signed']);
    expect(String(get['url'])).not.toMatch(/checksum/i);
  });

  it.each([
    ['get_object', { key: 'missing' }],
    ['head_object', { key: 'missing' }],
  ])('says that there is no such object: %s', async (action, payload) => {
    await expect(s3.call(action, { bucket, ...payload })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(`"${bucket}/missing"`),
    });
  });

  it.each([
    ['list_objects', {}],
    ['put_object', { key: 'x', text: '' }],
    ['delete_objects', { objects: [{ key: 'x' }] }],
  ])('says that there is no such bucket: %s', async (action, payload) => {
    await expect(s3.call(action, { bucket: 'no-such-bucket', ...payload })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { s3_error: 'NoSuchBucket' },
    });
  });

  it('uses the bucket of the settings where none is named', async () => {
    const own = await startConnector(Adapter, { url: server.url, config: { auth }, settings: { bucket } });
    await own.call('put_object', { key: 'k', text: 'v' });
    await expect(own.call('list_objects')).resolves.toMatchObject({ objects: [{ key: 'k' }] });
    await expect(own.health()).resolves.toMatchObject({ message: expect.stringContaining(`"${bucket}"`) });
    await own.close();
    await expect(s3.call('list_objects')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'bucket' }],
    });
  });
});

describe('two servers', () => {
  it('are asked side by side; one that stops is told from the other, and answers again once it is back', async () => {
    const servers = [await startServer(), await startServer()] as const;
    const [first, second] = [
      await startConnector(S3Adapter, { url: servers[0].url, config: { auth } }),
      await startConnector(MinioAdapter, { url: servers[1].url, config: { auth } }),
    ];
    try {
      await first.call('create_bucket', { bucket: 'first' });
      await second.call('create_bucket', { bucket: 'second' });
      await expect(first.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: 'first' }] });
      await expect(second.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: 'second' }] });
      await servers[0].stop();
      await sleep(10);
      await expect(first.call('list_buckets')).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        effect: 'none',
        retryable: true,
      });
      await expect(first.health()).resolves.toMatchObject({
        status: 'unhealthy',
        details: { code: 'TRANSIENT_NETWORK' },
      });
      await expect(second.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: 'second' }] });
      await servers[0].restart();
      await first.call('create_bucket', { bucket: 'again' });
      await expect(first.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: 'again' }] });
    } finally {
      await first.close();
      await second.close();
      await Promise.allSettled(servers.map((server) => server.stop()));
    }
  });
});
