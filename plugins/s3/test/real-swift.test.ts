import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startConnector } from '@automate/testing';
import S3Adapter from '../src/s3-adapter.ts';
import { startSwift, swift, swiftUser } from './start-swift.ts';

type Connector = Awaited<ReturnType<typeof startConnector<S3Adapter>>>;

describeWith(swift, 'a real Swift, which checks signatures', () => {
  let server: Awaited<ReturnType<typeof startSwift>>;
  let s3: Connector;
  const bucket = 'reports';

  const connectAs = (username: string, password: string): Promise<Connector> =>
    startConnector(S3Adapter, { url: server.url, config: { auth: { type: 'basic', username, password } } });

  beforeAll(async () => {
    server = await startSwift();
    s3 = await connectAs(swiftUser.username, swiftUser.password);
    await s3.call('create_bucket', { bucket });
  }, 120_000);
  afterAll(async () => {
    await s3?.close();
    await server?.close();
  }, 30_000);

  it('lets the connector connect, and is healthy', async () => {
    await expect(s3.adapter.connect()).resolves.toBe(true);
    await expect(s3.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(s3.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: bucket }] });
  });

  it('says that a bucket exists already', async () => {
    await expect(s3.call('create_bucket', { bucket })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      effect: 'none',
    });
  });

  it('gives back what it was given, under keys of every kind', async () => {
    const keys = ['plain', 'folder/ä name+with %25 & marks?.bin', 'a//b', '☃/..x'];
    for (const key of keys) {
      const written = await s3.call('put_object', {
        bucket,
        key,
        text: key,
        content_type: 'text/x-one',
        metadata: { one: '1' },
      });
      await expect(s3.call('get_object', { bucket, key, as: 'text' })).resolves.toMatchObject({
        text: key,
        etag: written['etag'],
        content_type: 'text/x-one',
        metadata: { one: '1' },
      });
      await expect(s3.call('head_object', { bucket, key })).resolves.toMatchObject({ size: Buffer.byteLength(key) });
    }
    const { objects } = await s3.call('list_objects', { bucket });
    expect((objects as { key: string }[]).map(({ key }) => key)).toStrictEqual(keys.toSorted());
  });

  it('reads ranges', async () => {
    await s3.call('put_object', { bucket, key: 'digits', text: '0123456789' });
    const range = { start: 2, end: 4 };
    await expect(s3.call('get_object', { bucket, key: 'digits', range, as: 'text' })).resolves.toMatchObject({
      text: '234',
      total_size: 10,
    });
  });

  it('lists page by page and by folder', async () => {
    await s3.call('create_bucket', { bucket: 'pages' });
    for (const key of ['a/1', 'a/2', 'b/1', 'c']) await s3.call('put_object', { bucket: 'pages', key, text: '' });
    const first = await s3.call('list_objects', { bucket: 'pages', max_keys: 3 });
    expect(first).toMatchObject({ truncated: true, objects: [{ key: 'a/1' }, { key: 'a/2' }, { key: 'b/1' }] });
    await expect(
      s3.call('list_objects', { bucket: 'pages', continuation_token: String(first['continuation_token']) }),
    ).resolves.toMatchObject({ truncated: false, objects: [{ key: 'c' }] });
    await expect(s3.call('list_objects', { bucket: 'pages', delimiter: '/' })).resolves.toMatchObject({
      objects: [{ key: 'c' }],
      prefixes: ['a/', 'b/'],
    });
  });

  it('copies', async () => {
    const source = { bucket, key: 'some where/ä', text: 'copied', metadata: { one: '1' } };
    await s3.call('put_object', source);
    await s3.call('copy_object', { bucket, key: 'copy', source_key: source.key });
    await expect(s3.call('get_object', { bucket, key: 'copy', as: 'text' })).resolves.toMatchObject({
      text: 'copied',
      metadata: { one: '1' },
    });
  });

  it('deletes one object or many, with the digest that it insists on', async () => {
    for (const key of ['1', '2', '3']) await s3.call('put_object', { bucket, key: `gone/${key}`, text: key });
    await expect(s3.call('delete_object', { bucket, key: 'gone/1' })).resolves.toStrictEqual({});
    await expect(s3.call('delete_object', { bucket, key: 'gone/1' })).resolves.toStrictEqual({});
    const objects = [{ key: 'gone/2' }, { key: 'gone/3' }];
    await expect(s3.call('delete_objects', { bucket, objects })).resolves.toStrictEqual({
      // In the order in which it got to them.
      deleted: expect.arrayContaining(objects),
    });
    await expect(s3.call('list_objects', { bucket, prefix: 'gone/' })).resolves.toMatchObject({ objects: [] });
  });

  it('keeps versions once it is told to by a request of our own', async () => {
    const versions = { bucket: 'versions' };
    await s3.call('create_bucket', versions);
    await expect(
      s3.call('call', {
        method: 'PUT',
        path: '/versions?versioning',
        text: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
      }),
    ).resolves.toMatchObject({ status: 200 });
    const key = 'kept ä';
    const first = await s3.call('put_object', { ...versions, key, text: 'first' });
    await s3.call('put_object', { ...versions, key, text: 'second' });
    await expect(s3.call('delete_object', { ...versions, key })).resolves.toMatchObject({ delete_marker: true });
    const page = await s3.call('list_object_versions', { ...versions, max_keys: 2 });
    expect(page).toMatchObject({
      truncated: true,
      delete_markers: [{ key, is_latest: true }],
      versions: [{ key, size: 6 }],
    });
    const next = await s3.call('list_object_versions', {
      ...versions,
      key_marker: page['key_marker'] as string,
      version_id_marker: page['version_id_marker'] as string,
    });
    expect(next).toMatchObject({
      truncated: false,
      versions: [{ key, version_id: first['version_id'], is_latest: false, size: 5 }],
    });
    const old = { ...versions, key, version_id: first['version_id'] as string };
    await expect(s3.call('get_object', { ...old, as: 'text' })).resolves.toMatchObject({ text: 'first' });
    await s3.call('delete_object', old);
    await expect(s3.call('get_object', old)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('says that it knows no conditional writes, and gives only what has changed', async () => {
    const { etag } = await s3.call('put_object', { bucket, key: 'known', text: '1' });
    await expect(s3.call('put_object', { bucket, key: 'known', text: '2', if_none_match: '*' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'none',
      retryable: false,
      details: { reason: 'not_implemented' },
    });
    await expect(s3.call('get_object', { bucket, key: 'known', as: 'text' })).resolves.toMatchObject({ text: '1' });
    const known = { bucket, key: 'known', if_none_match: etag as string };
    await expect(s3.call('get_object', known)).resolves.toStrictEqual({ not_modified: true, etag });
    await expect(s3.call('head_object', known)).resolves.toStrictEqual({ not_modified: true, etag });
  });

  it('takes the addresses that were signed, and only as they were signed', async () => {
    const key = 'signed/ä ?';
    const put = await s3.call('presign_put', { bucket, key, content_type: 'text/x-signed' });
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(String(put['url']), { method: 'PUT', body: 'by address', headers });
    expect((await send({ 'content-type': 'text/x-other' })).status).toBe(403);
    expect((await send(put['headers'] as Record<string, string>)).status).toBe(200);
    const { url } = await s3.call('presign_get', { bucket, key });
    await expect((await fetch(String(url))).text()).resolves.toBe('by address');
    expect((await fetch(String(url).replace('signed', 'digits'))).status).toBe(403);
  });

  it('tells a wrong secret, an unknown key and missing permission apart from what is not there', async () => {
    const wrong = await connectAs(swiftUser.username, 'wrong');
    await expect(wrong.call('list_buckets')).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      details: { s3_error: 'SignatureDoesNotMatch' },
    });
    await expect(wrong.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
    const unknown = await connectAs('test:nobody', 'testing');
    await expect(unknown.call('list_buckets')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    const other = await connectAs('other:reader', 'reading');
    await expect(other.call('list_objects', { bucket })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(s3.call('get_object', { bucket, key: 'missing' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { s3_error: 'NoSuchKey' },
    });
    await expect(s3.call('list_objects', { bucket: 'missing' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { s3_error: 'NoSuchBucket' },
    });
    await Promise.all([wrong, unknown, other].map((connector) => connector.close()));
  });

  it('is unreachable once it is stopped, and gives what it kept once it is back', async () => {
    await s3.call('put_object', { bucket, key: 'kept', text: 'kept' });
    await server.stop();
    await expect(s3.call('get_object', { bucket, key: 'kept' })).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
    await expect(s3.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
    await server.restart();
    await expect(s3.call('get_object', { bucket, key: 'kept', as: 'text' })).resolves.toMatchObject({ text: 'kept' });
  }, 120_000);
});
