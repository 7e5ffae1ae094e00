import { describeWith } from '@automate/tooling/require-service';
import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import { auth, startServer } from './start-server.ts';
import { startSwift, swift, swiftUser } from './start-swift.ts';

const KEYS = [
  '/leading',
  'a//b',
  'a/../b',
  '..',
  './a',
  'a/.',
  'a+b',
  'a b',
  'a%2Fb',
  '100%',
  ' blank ',
  'trailing/',
  'e\u0301',
  '\u00e9',
  '😀',
  `a&b<c>"d'e`,
  '?x=1#y',
  "~!*'();:@=$,[]",
  'line\nend',
  'return\rend',
  'tab\t',
  '__proto__',
  '007',
  '1e5',
  'k'.repeat(1024),
  '\u00e9'.repeat(512),
];
/** Clients take these for steps. */
const isStep = (key: string): boolean => /(^|\/)\.\.?(\/|$)/.test(key);

type Start = () => Promise<{ url: string; auth: { username: string; password: string }; end(): Promise<void> }>;

function roundTrips(start: Start, keys: readonly string[]): void {
  const bucket = 'keys';
  let server: Awaited<ReturnType<Start>>;
  let s3: Awaited<ReturnType<typeof startConnector<S3Adapter>>>;

  beforeAll(async () => {
    server = await start();
    s3 = await startConnector(S3Adapter, { url: server.url, config: { auth: { type: 'basic', ...server.auth } } });
    await s3.call('create_bucket', { bucket });
  }, 120_000);
  afterAll(async () => {
    await s3?.close();
    await server?.end();
  }, 30_000);

  it('come back as they were given, each for another object', async () => {
    for (const key of keys) await s3.call('put_object', { bucket, key, text: `of ${key}` });
    for (const key of keys) {
      await expect(s3.call('get_object', { bucket, key, as: 'text' })).resolves.toMatchObject({ text: `of ${key}` });
    }
    const { objects } = await s3.call('list_objects', { bucket });
    expect((objects as { key: string }[]).map(({ key }) => key).toSorted()).toStrictEqual(keys.toSorted());
  });

  it('are copied from and to', async () => {
    for (const key of keys) {
      await s3.call('copy_object', { bucket, source_key: key, key: 'copy' });
      await expect(s3.call('get_object', { bucket, key: 'copy', as: 'text' })).resolves.toMatchObject({
        text: `of ${key}`,
      });
    }
    await s3.call('delete_object', { bucket, key: 'copy' });
  });

  it('stand in signed addresses that anybody can open, or are refused there', async () => {
    for (const key of keys) {
      const signed = s3.call('presign_get', {
        bucket,
        key,
        response_content_disposition: 'attachment; filename="a +%&=\'.txt"',
      });
      if (isStep(key)) {
        await expect(signed).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'key' }] });
        continue;
      }
      const response = await fetch(String((await signed)['url']));
      expect([key, response.status, await response.text()]).toStrictEqual([key, 200, `of ${key}`]);
    }
  });

  it('are deleted together', async () => {
    const { deleted } = await s3.call('delete_objects', { bucket, objects: keys.map((key) => ({ key })) });
    expect((deleted as { key: string }[]).map(({ key }) => key).toSorted()).toStrictEqual(keys.toSorted());
    await expect(s3.call('list_objects', { bucket })).resolves.toMatchObject({ objects: [] });
  });
}

describe('keys of every kind', () => {
  roundTrips(
    async () => {
      const server = await startServer();
      return { url: server.url, auth, end: () => server.stop() };
      // It does not read what XML has for the ends of lines; Swift does.
    },
    KEYS.filter((key) => !/[\r\n]/.test(key)),
  );

  it('that XML cannot hold are refused where many are deleted at once', async () => {
    const server = await startServer();
    const s3 = await startConnector(S3Adapter, { url: server.url, config: { auth } });
    await s3.call('create_bucket', { bucket: 'keys' });
    const key = 'bell\u0007';
    await s3.call('put_object', { bucket: 'keys', key, text: '' });
    await expect(s3.call('delete_objects', { bucket: 'keys', objects: [{ key: 'a' }, { key }] })).rejects.toMatchObject(
      { code: 'INVALID_INPUT', problems: [{ path: 'objects[1].key' }] },
    );
    await s3.call('delete_object', { bucket: 'keys', key });
    expect((await fetch(`${server.store}/keys/bell%07`)).status).toBe(404);
    await s3.close();
    await server.stop();
  });
});

describeWith(swift, 'keys of every kind at a real Swift', () => {
  roundTrips(async () => {
    const server = await startSwift();
    return { url: server.url, auth: swiftUser, end: () => server.close() };
  }, KEYS);
});
