import { once } from 'node:events';
import { createServer as createHttpServer, request as send } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { JsonObject } from '@automate/sdk';
import { startConnector } from '@automate/testing';
import type { StartedConnector, TestConfig } from '@automate/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import { checkSignature } from './check-signature.ts';
import { auth, startServer } from './start-server.ts';
import type { S3Server } from './start-server.ts';

const BASE = '/s3/gate';
const object = { bucket: 'reports', key: 'a b/ä' };
const rules = { region: 'us-east-1', secretOf: () => auth.password };

async function listen(server: Server | HttpServer, host: string): Promise<number> {
  await once(server.listen(0, host), 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the endpoint', () => {
  let server: S3Server;
  let storePort: number;
  const running: { close(): unknown }[] = [];

  beforeAll(async () => {
    server = await startServer();
    storePort = Number(new URL(server.store).port);
  });
  afterEach(async () => {
    for (const each of running.splice(0).toReversed()) await each.close();
  });
  afterAll(() => server?.stop());

  async function connectorTo(config: TestConfig, settings: JsonObject = {}): Promise<StartedConnector<S3Adapter>> {
    const connector = await startConnector(S3Adapter, { config: { auth, scheme: 'http', ...config }, settings });
    running.push(connector);
    return connector;
  }
  async function itWorks(s3: StartedConnector<S3Adapter>, path: string): Promise<void> {
    await s3.call('create_bucket', { bucket: object.bucket }).catch(() => undefined);
    await s3.call('put_object', { ...object, text: path });
    await expect(s3.call('get_object', { ...object, as: 'text' })).resolves.toMatchObject({ text: path });
    await expect(s3.call('call', { path: '/reports/a%20b/%C3%A4' })).resolves.toMatchObject({ status: 200 });
    await expect(s3.call('list_objects', { bucket: object.bucket })).resolves.toMatchObject({
      objects: [{ key: object.key }],
    });
    await expect(s3.health()).resolves.toMatchObject({ status: 'healthy' });
    const { url } = await s3.call('presign_get', object);
    expect(String(url)).toContain(path);
    await expect((await fetch(String(url))).text()).resolves.toBe(path);
  }

  it.each(['::1', '[::1]'])('may be an address of IPv6: %s', async (host) => {
    const toServer = createServer((socket) => {
      const onward = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const each of [socket, onward]) each.on('error', () => undefined);
    });
    const port = await listen(toServer, '::1');
    running.push(toServer);
    await itWorks(await connectorTo({ host, port }), `http://[::1]:${port}/reports/`);
  });

  it('may lie below a base path, which the signature covers and nothing leaves', async () => {
    const seen: string[] = [];
    const gateway = createHttpServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { method = '', url = '', headers } = incoming;
        const body = Buffer.concat(chunks);
        checkSignature({ method, url, headers, body }, { ...rules, now: Date.now() });
        seen.push(url);
        const place = { host: '127.0.0.1', port: storePort, method, path: url.slice(BASE.length) };
        send({ ...place, headers: { ...headers, host: `127.0.0.1:${storePort}` } }, (back) => {
          response.writeHead(back.statusCode ?? 500, back.headers);
          back.pipe(response);
        }).end(body);
      });
    });
    const port = await listen(gateway, '127.0.0.1');
    running.push({ close: () => (gateway.closeAllConnections(), gateway.close()) });
    const s3 = await connectorTo({ host: '127.0.0.1', port, basePath: BASE });
    await itWorks(s3, `${BASE}/reports/`);
    for (const path of ['/../x', '/reports/../../x', '/%2e%2e/x', '/reports/..%2F..%2Fx'])
      await expect(s3.call('call', { path })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'path' }],
      });
    expect(seen.filter((url) => !url.startsWith(`${BASE}/`))).toStrictEqual([]);
  });

  it('may have the bucket in its name, for which addresses are signed, dots kept out of certificates', async () => {
    const { port } = new URL(server.url);
    const s3 = await connectorTo({ host: 'localhost', port: Number(port) }, { path_style: false });
    const { url } = await s3.call('presign_get', object);
    const { host, pathname, search } = new URL(String(url));
    expect([host, pathname]).toStrictEqual([`reports.localhost:${port}`, '/a%20b/%C3%A4']);
    const request = { method: 'GET', url: `${pathname}${search}`, headers: { host }, body: Buffer.alloc(0) };
    expect(checkSignature(request, { ...rules, now: Date.now() })).toBe(auth.username);
    const aws = await connectorTo({ scheme: 'https' }, { region: 'eu-central-1' });
    for (const [bucket, start] of [
      ['reports', 'https://reports.s3.eu-central-1.amazonaws.com/k?'],
      ['my.reports', 'https://s3.eu-central-1.amazonaws.com/my.reports/k?'],
    ] as const)
      await expect(aws.call('presign_get', { bucket, key: 'k' })).resolves.toMatchObject({
        url: expect.stringContaining(start),
      });
  });
});

describe('names of buckets', () => {
  it.each(['A_b', 'my+bucket', 'x', 'tenant:bucket', 'dots.in.it', 'b'.repeat(255), 'b\u00fccher'])(
    'are for the service to judge, and signed as they are: %s',
    async (bucket) => {
      const seen: (string | undefined)[] = [];
      const server = createHttpServer(({ method = '', url = '', headers }, response) => {
        checkSignature({ method, url, headers, body: Buffer.alloc(0) }, { ...rules, now: Date.now() });
        seen.push(url.split('?')[0]);
        response.writeHead(200, { etag: '"a"' }).end('text');
      });
      const port = await listen(server, '127.0.0.1');
      const s3 = await startConnector(S3Adapter, { config: { auth, scheme: 'http', host: '127.0.0.1', port } });
      await expect(s3.call('get_object', { bucket, key: 'k', as: 'text' })).resolves.toMatchObject({ text: 'text' });
      expect(seen.map((path) => decodeURIComponent(path ?? ''))).toStrictEqual([`/${bucket}/k`]);
      await s3.close();
      server.closeAllConnections();
      server.close();
    },
  );

  it.each(['', '.', '..', 'a/b', 'a?b', 'a#b', 'a\\b', 'a b', 'b'.repeat(256), 'arn:aws:s3:::a/b/c'])(
    'never lead elsewhere: "%s"',
    async (bucket) => {
      const s3 = await startConnector(S3Adapter, { config: { auth } });
      await expect(s3.call('presign_get', { bucket, key: 'k' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'bucket' }],
      });
      await s3.close();
    },
  );
});

describe('what S3 limits', () => {
  let server: S3Server;
  let s3: StartedConnector<S3Adapter>;
  const bucket = 'limits';

  beforeAll(async () => {
    server = await startServer();
    s3 = await startConnector(S3Adapter, {
      url: server.url,
      config: { auth },
      settings: { bucket },
      timeoutMs: 60_000,
    });
    await s3.call('create_bucket', { bucket });
  });
  afterAll(async () => {
    await s3?.close();
    await server?.stop();
  });

  it('to a thousand of a page comes page by page, prefixes too, each once', async () => {
    const names = Array.from({ length: 1100 }, (_, index) => `d${String(index).padStart(4, '0')}/`);
    for (let start = 0; start < names.length; start += 50) {
      const some = names.slice(start, start + 50);
      await Promise.all(some.map((name) => fetch(`${server.store}/${bucket}/${name}x`, { method: 'PUT', body: '' })));
    }
    const found: unknown[] = [];
    for (let token: unknown = ''; token !== undefined;) {
      const after: JsonObject = token === '' ? {} : { continuation_token: String(token) };
      const page = await s3.call('list_objects', { delimiter: '/', ...after });
      found.push(...(page['prefixes'] as string[]));
      token = page['continuation_token'];
    }
    expect(found).toStrictEqual(names);
  }, 240_000);

  it('is reached exactly', async () => {
    const most = Buffer.alloc(2 * 1024 * 1024, 'x');
    await s3.call('put_object', { key: 'most', base64: most.toString('base64') });
    await expect(s3.call('get_object', { key: 'most', as: 'text' })).resolves.toMatchObject({ size: most.length });
    await expect(s3.call('put_object', { key: 'more', text: `${most.toString()}x` })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      effect: 'none',
      problems: [{ path: 'text' }],
    });
    await s3.call('put_object', { key: 'none', text: '' });
    await expect(s3.call('get_object', { key: 'none', as: 'text' })).resolves.toMatchObject({
      text: '',
      total_size: 0,
    });
    await expect(s3.call('get_object', { key: 'none', range: { start: 0 } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { s3_error: 'InvalidRange' },
    });
  });
});
