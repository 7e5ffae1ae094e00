import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerHttp2Session } from 'node:http2';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { FakeServiceOptions, StartConnectorOptions } from '@automate/testing';
import { closedPort, FakeService, startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';
import type { PrivateCa } from './private-ca.ts';
import { createPrivateCa } from './private-ca.ts';
import type { Squid } from './squid.ts';
import { squidService, startSquid } from './squid.ts';

const openssl = { name: 'openssl', available: () => isOnPath('openssl'), remedy: 'apt-get install openssl' };
const both = { ...squidService, available: () => squidService.available() && openssl.available() };

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function serve(options: FakeServiceOptions = {}): Promise<FakeService> {
  const server = await FakeService.start(options);
  running.push(server);
  return server.on('*', /./, { json: { here: true } });
}

/** A connector to a server by a name that only the proxy knows. */
async function connectorTo(server: FakeService, config: StartConnectorOptions['config'] = {}) {
  const { scheme, port } = server.endpoint;
  const connector = await startConnector(HttpAdapter, { config: { scheme, host: 'target.test', port, ...config } });
  running.push(connector);
  return connector;
}

describeWith(both, 'a real proxy', () => {
  let open: Squid;
  let guarded: Squid;
  let ca: PrivateCa;

  beforeAll(async () => {
    [open, guarded] = await Promise.all([startSquid(), startSquid('p@ss-word')]);
    ca = createPrivateCa('target.test');
  });
  afterAll(async () => {
    ca?.remove();
    await Promise.all([open?.close(), guarded?.close()]);
  });

  const secure = (): FakeServiceOptions => ({
    tls: { cert: readFileSync(ca.server.cert, 'utf8'), key: readFileSync(ca.server.key, 'utf8') },
  });

  it('is asked for the whole address where the server speaks HTTP', async () => {
    const server = await serve();
    const connector = await connectorTo(server, { proxy: open.url });
    await connector.call('request', { method: 'POST', path: '/a?flag&s=a%20b', json: { a: 1 } });
    await expect(connector.call('get', { path: '/a' })).resolves.toMatchObject({ json: { here: true } });
    expect(server.requests[0]).toMatchObject({
      target: '/a?flag&s=a%20b',
      headers: { host: expect.stringMatching(/^target\.test:/) },
    });
    expect(server.requests[0]?.json()).toEqual({ a: 1 });
    expect(server.requests[0]?.headers['via']).toContain('squid');
    expect(connector.records).toContainEqual(
      expect.objectContaining({ message: `http requests go through the proxy ${open.url}` }),
    );
  });

  it('is asked for a tunnel where the server speaks HTTPS, and sees nothing of what goes through', async () => {
    const server = await serve(secure());
    const auth = { type: 'bearer', token: 'through-the-tunnel' } as const;
    const connector = await connectorTo(server, { proxy: open.url, auth, tls: { caFile: ca.caFile } });
    for (const path of ['/one', '/two'])
      await expect(connector.call('get', { path })).resolves.toMatchObject({ json: { here: true } });
    expect(server.requests[1]?.headers).toMatchObject({ authorization: 'Bearer through-the-tunnel' });
    expect(server.requests[1]?.headers).not.toHaveProperty('via');
    expect(server.connections).toBe(1);
    // A tunnel is logged once it ends.
    await connector.close();
    const line = `CONNECT target.test:${server.endpoint.port}`;
    await expect(eventually(open.log, (log) => log.includes(line))).resolves.not.toContain('/two');
  });

  it('that wants credentials gets them, and the server does not', async () => {
    const proxy = guarded.url.replace('//', '//ann:p%40ss-word@');
    for (const options of [{}, secure()]) {
      const server = await serve(options);
      const connector = await connectorTo(server, { proxy, tls: { caFile: ca.caFile } });
      await expect(connector.call('get', { path: '/' })).resolves.toMatchObject({ status: 200 });
      expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
      expect(JSON.stringify([connector.records, connector.adapter.getConfig()])).not.toMatch(/p(@|%40)ss-word/);
    }
  });

  it.each(['http', 'https'])('that refuses our credentials is for the operator to mend: %s', async (scheme) => {
    const server = await serve(scheme === 'http' ? {} : secure());
    const proxy = guarded.url.replace('//', '//ann:wrong-word@');
    const connector = await connectorTo(server, { proxy, tls: { caFile: ca.caFile } });
    const failed = connector.call('request', { method: 'POST', path: '/' });
    await expect(failed).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      blame: 'operator',
      effect: 'none',
      details: { reason: 'proxy_refused', status: 407 },
      message: expect.stringContaining(`the proxy ${guarded.url}`),
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('wrong-word') });
    expect(server.requests).toHaveLength(0);
  });

  it('that cannot reach the server says so in its own name', async () => {
    const server = await serve(secure());
    const connector = await connectorTo(server, { proxy: open.url, port: await closedPort() });
    await expect(connector.call('request', { method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      blame: 'operator',
      effect: 'none',
      retryable: true,
      details: { reason: 'proxy_refused', status: 503 },
      message: expect.stringContaining(`the proxy ${open.url} answered 503`),
    });
    const plain = await connectorTo(await serve(), { proxy: open.url, port: await closedPort() });
    await expect(plain.call('get', { path: '/' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      message: expect.stringContaining(`(through the proxy ${open.url}) answered 503`),
    });
  });

  it("does not hide that the server's certificate is not trusted, or that the outcome is unknown", async () => {
    const server = await serve(secure());
    const strange = await connectorTo(server, { proxy: open.url });
    await expect(strange.call('get', { path: '/' })).rejects.toMatchObject({
      message: expect.stringContaining('tls.ca_file'),
    });
    server.on('POST', '/gone', { drop: 'request' });
    const connector = await connectorTo(server, { proxy: open.url, tls: { caFile: ca.caFile } });
    await expect(connector.call('request', { method: 'POST', path: '/gone' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
    });
  });

  it('also leads to the token endpoint', async () => {
    const server = await serve();
    server.on('POST', '/token', { json: { access_token: 'via-proxy', expires_in: 60 } });
    const tokenUrl = `http://target.test:${server.endpoint.port}/token`;
    const auth = { type: 'oauth2', tokenUrl, clientId: 'me', clientSecret: 'hush-hush' } as const;
    const connector = await connectorTo(server, { proxy: open.url, auth });
    await connector.call('get', { path: '/' });
    expect(server.requests.map(({ target }) => target)).toEqual(['/token', '/']);
    expect(server.requests[1]?.headers).toMatchObject({ authorization: 'Bearer via-proxy' });
  });

  it('leads to a server that speaks HTTP/2 alone', async () => {
    const server = createSecureServer({ cert: readFileSync(ca.server.cert), key: readFileSync(ca.server.key) });
    const sessions = new Set<ServerHttp2Session>();
    server.on('session', (session) => sessions.add(session)).on('tlsClientError', () => undefined);
    server.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200, 'content-type': 'text/plain' });
      stream.end(String(headers[':authority']));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({
      close: async () => {
        for (const session of sessions) session.destroy();
        server.close();
      },
    });
    const { port } = server.address() as AddressInfo;
    const config = { scheme: 'https', host: 'target.test', port, proxy: open.url, tls: { caFile: ca.caFile } };
    const connector = await startConnector(HttpAdapter, { config });
    running.push(connector);
    for (let count = 0; count < 2; count += 1)
      await expect(connector.call('get', { path: '/' })).resolves.toMatchObject({ text: `target.test:${port}` });
    expect(sessions.size).toBe(1);
  });

  it('is never asked for what is on this machine', async () => {
    const server = await serve();
    for (const host of ['127.0.0.1', 'localhost']) {
      const connector = await connectorTo(server, { host, proxy: open.url });
      await expect(connector.call('get', { path: '/direct' })).resolves.toMatchObject({ status: 200 });
      expect(connector.records).toEqual([]);
    }
    expect(server.requests.every(({ headers }) => headers['via'] === undefined)).toBe(true);
  });
});

describe('a proxy that is not there', () => {
  it.each(['http', 'https'])('is named, and nothing was sent: %s', async (scheme) => {
    const port = await closedPort();
    const server = await serve();
    const connector = await connectorTo(server, { scheme, proxy: `http://127.0.0.1:${port}` });
    await expect(connector.call('request', { method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      blame: 'operator',
      effect: 'none',
      message: expect.stringContaining(`the proxy http://127.0.0.1:${port} refused the connection`),
    });
  });

  it('or that speaks no TLS, though its URL says so, is what is wrong, and nothing was sent', async () => {
    const plain = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    running.push({ close: async () => void plain.close() });
    const { port } = plain.address() as AddressInfo;
    const connector = await connectorTo(await serve(), { proxy: `https://127.0.0.1:${port}` });
    await expect(connector.call('request', { method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      blame: 'operator',
      effect: 'none',
      message: expect.stringContaining(`the proxy https://127.0.0.1:${port}`),
    });
  });

  it('or that never opens its tunnel takes the time of the call, and nothing was sent', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    running.push({
      close: async () => {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    const { port } = silent.address() as AddressInfo;
    const server = await serve();
    const connector = await connectorTo(server, { scheme: 'https', proxy: `http://127.0.0.1:${port}` });
    const failed = connector.call('request', { method: 'POST', path: '/' }, { timeoutMs: 300 });
    await expect(failed).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
  });
});
