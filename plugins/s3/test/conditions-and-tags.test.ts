import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import type { S3Server } from './start-server.ts';
import { auth, startServer } from './start-server.ts';

const bucket = 'reports';
let server: S3Server;
let s3: Awaited<ReturnType<typeof startConnector<S3Adapter>>>;

beforeAll(async () => {
  server = await startServer();
  s3 = await startConnector(S3Adapter, { url: server.url, config: { auth } });
  await s3.call('create_bucket', { bucket });
});
afterAll(async () => {
  await s3?.close();
  await server?.stop();
});

const stored = async (key: string): Promise<string> => (await fetch(`${server.store}/${bucket}/${key}`)).text();
const failed = { code: 'ALREADY_EXISTS', effect: 'none', details: { reason: 'precondition_failed' } };

describe('a condition', () => {
  it('keeps a write from what is there already', async () => {
    const object = { bucket, key: 'new', if_none_match: '*' };
    await s3.call('put_object', { ...object, text: 'first' });
    await expect(s3.call('put_object', { ...object, text: 'second' })).rejects.toMatchObject(failed);
    await expect(stored('new')).resolves.toBe('first');
  });

  it('keeps a write from what somebody else has changed, with the ETag in quotes or without', async () => {
    const { etag } = await s3.call('put_object', { bucket, key: 'shared', text: '1' });
    const next = await s3.call('put_object', { bucket, key: 'shared', text: '2', if_match: etag as string });
    await expect(
      s3.call('put_object', { bucket, key: 'shared', text: '3', if_match: etag as string }),
    ).rejects.toMatchObject(failed);
    await s3.call('put_object', { bucket, key: 'shared', text: '4', if_match: `"${String(next['etag'])}"` });
    await expect(stored('shared')).resolves.toBe('4');
  });

  it('that an earlier attempt of the same call may have broken leaves its effect open', async () => {
    const object = { bucket, key: 'again', text: '', if_none_match: '*' };
    await s3.call('put_object', object);
    await expect(s3.call('put_object', object, { repeated: true })).rejects.toMatchObject({
      ...failed,
      effect: 'maybe',
    });
  });

  it('spares a read of what the caller has', async () => {
    const action = 'get_object';
    const { etag } = await s3.call('put_object', { bucket, key: 'read', text: 'text' });
    const object = { bucket, key: 'read' };
    await expect(s3.call(action, { ...object, if_none_match: etag as string })).resolves.toMatchObject({
      not_modified: true,
    });
    await expect(s3.call(action, { ...object, if_none_match: 'other' })).resolves.toMatchObject({ size: 4 });
    await expect(s3.call(action, { ...object, if_match: etag as string })).resolves.toMatchObject({ size: 4 });
    await expect(s3.call(action, { ...object, if_match: 'other' })).rejects.toMatchObject(failed);
    await expect(s3.call(action, { ...object, if_modified_since: '2100-01-01T00:00:00Z' })).resolves.toMatchObject({
      not_modified: true,
    });
    await expect(s3.call(action, { ...object, if_unmodified_since: '2001-01-01T00:00:00Z' })).rejects.toMatchObject(
      failed,
    );
    await expect(s3.call(action, { ...object, if_modified_since: 'yesterday' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: 'if_modified_since' }],
    });
  });
});

describe('tags', () => {
  const tags = [
    { key: '__proto__', value: 'a & <b>' },
    { key: 'ä +=/:', value: '' },
  ];
  const object = { bucket, key: 'tagged' };

  it('go along with an object, are replaced and taken away', async () => {
    await s3.call('put_object', { ...object, text: '', tags });
    await expect(s3.call('get_object_tags', object)).resolves.toStrictEqual({ tags });
    await s3.call('set_object_tags', { ...object, tags: tags.slice(0, 1) });
    await expect(s3.call('get_object_tags', object)).resolves.toStrictEqual({ tags: tags.slice(0, 1) });
    await s3.call('set_object_tags', { ...object, tags: [] });
    await expect(s3.call('get_object_tags', object)).resolves.toStrictEqual({ tags: [] });
  });

  it('belong to an object that is there, and go with it', async () => {
    await s3.call('put_object', { ...object, text: '', tags });
    await s3.call('put_object', { ...object, text: '' });
    await expect(s3.call('get_object_tags', object)).resolves.toStrictEqual({ tags: [] });
    for (const [where, s3_error] of [
      [{ key: 'none' }, 'NoSuchKey'],
      [{ bucket: 'no-such-bucket' }, 'NoSuchBucket'],
    ] as const)
      for (const action of ['get_object_tags', 'set_object_tags'])
        await expect(
          s3.call(action, { ...object, ...where, ...(action === 'set_object_tags' ? { tags: [] } : {}) }),
        ).rejects.toMatchObject({
          code: 'NOT_FOUND',
          effect: 'none',
          details: { s3_error },
        });
  });

  it('are refused with half a character, like a text that would become another one', async () => {
    const half = 'a\ud83d';
    const rows: [string, JsonObject, string][] = [
      ['set_object_tags', { tags: [{ key: half, value: '' }] }, 'tags[0].key'],
      ['put_object', { text: half }, 'text'],
    ];
    for (const [action, payload, path] of rows)
      await expect(s3.call(action, { ...object, ...payload })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        effect: 'none',
        problems: [{ path }],
      });
  });

  it('are refused where a key stands twice', async () => {
    await expect(
      s3.call('set_object_tags', { ...object, tags: [...tags, { key: '__proto__', value: '' }] }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'tags' }] });
  });
});

describe('any request', () => {
  it('is signed, with its own path, query, headers and body', async () => {
    const path = `/${bucket}/a%20b/(c)+%C3%A4`;
    await s3.call('call', { method: 'PUT', path, text: 'by hand', headers: { 'x-amz-meta-owner': 'ann' } });
    const key = 'a b/(c)+ä';
    await expect(s3.call('get_object', { bucket, key, as: 'text' })).resolves.toMatchObject({
      text: 'by hand',
      metadata: { owner: 'ann' },
    });
    await expect(s3.call('call', { path, headers: { range: 'bytes=0-1' } })).resolves.toMatchObject({
      status: 206,
      text: 'by',
    });
    await expect(
      s3.call('call', { path: `/${bucket}?list-type=2`, query: { prefix: 'a b/', 'max-keys': 5 } }),
    ).resolves.toMatchObject({ status: 200, text: expect.stringContaining('<Key>a b/(c)+ä</Key>') });
    await expect(s3.call('call', { method: 'DELETE', path })).resolves.toMatchObject({ status: 204 });
    await expect(s3.call('head_object', { bucket, key })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('holds what it was given in each of its forms, and is read as exactly', async () => {
    const form = { method: 'PUT', path: `/${bucket}/form`, multipart: [{ name: 'a', text: 'ä' }] };
    await s3.call('call', form);
    await expect(stored('form')).resolves.toMatch(
      /^--(part-.+)\r\nContent-Disposition: form-data; name="a"\r\n\r\nä\r\n--\1--\r\n$/,
    );
    await expect(s3.call('head_object', { bucket, key: 'form' })).resolves.toMatchObject({
      content_type: expect.stringMatching(/^multipart\/form-data; boundary=part-/),
    });
    const json = { bucket, key: 'json', content_type: 'application/json' };
    await s3.call('put_object', { ...json, text: '{"a":9007199254740993}' });
    await expect(s3.call('call', { path: `/${bucket}/json` })).resolves.toMatchObject({
      json: { a: '9007199254740993' },
    });
    await s3.call('put_object', { ...json, text: '{"a":' });
    await expect(s3.call('call', { path: `/${bucket}/json` })).rejects.toMatchObject({
      details: { reason: 'bad_json' },
    });
  });

  it("fails in S3's words, unless the status is accepted", async () => {
    const path = '/no-such-bucket/key';
    await expect(s3.call('call', { path })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { s3_error: 'NoSuchBucket' },
    });
    await expect(s3.call('call', { path, accept_status: [404] })).resolves.toMatchObject({
      status: 404,
      text: expect.stringContaining('NoSuchBucket'),
    });
    await s3.call('put_object', { bucket, key: 'large', text: 'x'.repeat(100) });
    await expect(s3.call('call', { path: `/${bucket}/large`, max_bytes: 99 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'answer_too_large' },
    });
  });

  it.each([
    ['headers.authorization', { headers: { Authorization: 'mine' } }],
    ['headers.host', { headers: { host: 'elsewhere' } }],
    ['headers.x-amz-meta-a', { headers: { 'x-amz-meta-a': 'a\r\nb: c' } }],
    ['path', { path: '/bucket/%zz' }],
  ])('is refused by field where it cannot be signed: %s', async (path, given) => {
    await expect(s3.call('call', { path: '/', ...given })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path }],
    });
  });
});
