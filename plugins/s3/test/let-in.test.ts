import type { StartConnectorOptions } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import type { S3ServerOptions } from './start-server.ts';
import { auth, startServer } from './start-server.ts';

const ended: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
});

async function start(server: S3ServerOptions, options: StartConnectorOptions = {}) {
  const { url, store, stop } = await startServer(server);
  const connector = await startConnector(S3Adapter, { url, config: { auth }, ...options });
  ended.push(stop, () => connector.close());
  return { connector, store };
}

describe('a key that may do less than the connection test asks', () => {
  it('writes and reads without permission to list', async () => {
    const mayNotList = {
      secret: 'secret',
      may: ({ method, url }: { method: string; url: string }) => method !== 'GET' || /^\/reports\/[^?]/.test(url),
    };
    const { connector, store } = await start({ users: { key: mayNotList } }, { settings: { bucket: 'reports' } });
    await fetch(`${store}/reports`, { method: 'PUT' });
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'healthy',
      message: expect.stringContaining('may not list the bucket "reports"'),
    });
    await connector.call('put_object', { key: 'a', text: 'written' });
    await expect((await fetch(`${store}/reports/a`)).text()).resolves.toBe('written');
    await expect(connector.call('list_objects')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('works within one prefix without permission to list buckets', async () => {
    const ownPrefix = { secret: 'secret', may: ({ url }: { url: string }) => url.startsWith('/reports/mine/') };
    const { connector, store } = await start({ users: { key: ownPrefix } });
    await fetch(`${store}/reports`, { method: 'PUT' });
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await connector.call('put_object', { bucket: 'reports', key: 'mine/a', text: 'written' });
    await expect((await fetch(`${store}/reports/mine/a`)).text()).resolves.toBe('written');
    await expect(connector.call('put_object', { bucket: 'reports', key: 'b', text: '' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'none',
    });
  });

  it('creates the configured bucket, whose absence is told as unhealthy', async () => {
    const { connector, store } = await start({}, { settings: { bucket: 'reports' } });
    await expect(connector.adapter.connect()).resolves.toBe(true);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'CONFIG_INVALID' },
    });
    await connector.call('create_bucket', { bucket: 'reports' });
    expect((await fetch(`${store}/reports`, { method: 'HEAD' })).status).toBe(200);
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });
});

describe('whoever the server does not know', () => {
  it.each([
    ['another secret', { username: 'key', password: 'other' }, 'SignatureDoesNotMatch'],
    ['another key', { username: 'other', password: 'secret' }, 'InvalidAccessKeyId'],
  ])('is not let in: %s', async (_title, credentials, word) => {
    const { connector } = await start({}, { config: { auth: { type: 'basic', ...credentials } } });
    const refused = { code: 'AUTH_FAILED', effect: 'none', details: { s3_error: word } };
    await expect(connector.adapter.connect()).rejects.toMatchObject(refused);
    await expect(connector.call('head_object', { bucket: 'reports', key: 'a' })).rejects.toMatchObject(refused);
  });

  it('learns that the clocks differ', async () => {
    const { connector } = await start({ clockAheadMs: 60 * 60 * 1000 });
    await expect(connector.call('list_buckets')).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(/the operator must set the clock$/),
      details: { reason: 'clock' },
    });
  });

  it('learns which region is right', async () => {
    const { connector } = await start({ region: 'eu-west-3' });
    await expect(connector.adapter.connect()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { region: 'eu-west-3' },
    });
    const right = await start({ region: 'eu-west-3' }, { settings: { region: 'eu-west-3' } });
    await right.connector.call('create_bucket', { bucket: 'reports' });
    await expect(right.connector.call('list_buckets')).resolves.toMatchObject({ buckets: [{ name: 'reports' }] });
  });
});
