import { createServer } from 'node:net';
import type { FakeHandler, StartConnectorOptions } from '@automate/testing';
import { closedPort, FakeService, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function start(answer: FakeHandler, options: StartConnectorOptions = {}) {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, answer);
  const connector = await startConnector(HttpAdapter, { url: server.url, ...options });
  running.push(connector);
  return { server, connector };
}

const withStatus =
  (status: number): FakeHandler =>
  () => ({ status });

describe('health', () => {
  it.each([200, 204, 404, 405, 501])('counts a root that answers %i as reachable', async (status) => {
    const { connector } = await start(withStatus(status));
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('tells refused credentials, a failing service, a slow one and a stopped one apart', async () => {
    const refused = await start(withStatus(401), { config: { auth: { type: 'bearer', token: 'wrong' } } });
    await expect(refused.connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'AUTH_FAILED' },
    });

    const failing = await start(withStatus(500));
    await expect(failing.connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'UPSTREAM_5XX' },
    });

    const slow = await start(() => ({ drop: 'never' }));
    await expect(slow.connector.health({ timeoutMs: 200 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });

    const stopped = await start(withStatus(200));
    const { host } = new URL(stopped.server.url);
    await stopped.server.close();
    await expect(stopped.connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TRANSIENT_NETWORK' },
      message: expect.stringContaining(host),
    });

    const elsewhere = await startConnector(HttpAdapter, { url: `http://127.0.0.1:${await closedPort()}` });
    running.push(elsewhere);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
  });

  it('asks connect_path, which must answer 2xx', async () => {
    const answer: FakeHandler = ({ path }) => ({ status: path === '/ready' ? 200 : 404 });
    const good = await start(answer, { settings: { connect_path: '/ready' } });
    await expect(good.connector.adapter.connect()).resolves.toBe(true);
    const bad = await start(answer, { settings: { connect_path: '/elsewhere' } });
    await expect(bad.connector.adapter.connect()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('asks health_check.path besides, where one is configured', async () => {
    const healthCheck = { enabled: true, intervalMs: 1000, timeoutMs: 1000, path: '/up' };
    const at = async (up: number, root: number, settings = {}) => {
      const answer: FakeHandler = ({ path }) => ({ status: path === '/up' ? up : root });
      return (await start(answer, { config: { healthCheck }, settings })).connector.health();
    };
    await expect(at(200, 404)).resolves.toMatchObject({ status: 'healthy', details: { status: 200 } });
    await expect(at(503, 404)).resolves.toMatchObject({ details: { code: 'UPSTREAM_5XX' } });
    await expect(at(200, 401)).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    await expect(at(200, 404, { connect_path: '/api' })).resolves.toMatchObject({ status: 'unhealthy' });
  });

  it('says that a host is missing', async () => {
    const connector = await startConnector(HttpAdapter);
    running.push(connector);
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'CONFIG_INVALID' },
    });
  });

  it('names an answer that is not HTTP', async () => {
    const server = createServer((socket) => void socket.end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.push({ close: async () => void server.close() });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const connector = await startConnector(HttpAdapter, { url: `http://127.0.0.1:${port}` });
    running.push(connector);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'UPSTREAM_5XX' } });
  });
});

describe('auth', () => {
  it.each([
    ['basic', { type: 'basic', username: 'ann', password: 'pw' }, 'authorization', `Basic ${btoa('ann:pw')}`],
    ['bearer', { type: 'bearer', token: 'abc' }, 'authorization', 'Bearer abc'],
    ['an API key', { type: 'api_key', apiKey: 'k1' }, 'x-api-key', 'k1'],
    ['an API key in another header', { type: 'api_key', apiKey: 'k1', apiKeyHeader: 'X-Token' }, 'x-token', 'k1'],
    ['further headers', { type: 'none', headers: { 'X-Tenant': 't1' } }, 'x-tenant', 't1'],
  ] as const)('sends %s with every request', async (_title, auth, header, value) => {
    const { connector, server } = await start(withStatus(200), { config: { auth } });
    await connector.call('get', { path: '/' });
    await connector.call('request', { method: 'POST', path: '/' });
    expect(server.requests.map(({ headers }) => headers[header])).toStrictEqual([value, value]);
  });

  it('fetches a token by oauth2 client credentials, and another one when that is refused', async () => {
    const { server } = await start(({ headers }) => ({
      status: headers['authorization'] === 'Bearer second' ? 200 : 401,
    }));
    const tokens = await FakeService.start();
    running.push(tokens);
    tokens.on('POST', '/token', [
      { json: { access_token: 'first', token_type: 'Bearer', expires_in: 3600 } },
      { json: { access_token: 'second', token_type: 'Bearer', expires_in: 3600 } },
    ]);
    const auth = {
      type: 'oauth2',
      tokenUrl: `${tokens.url}/token`,
      clientId: 'me',
      clientSecret: 'hush',
      scopes: ['read'],
    } as const;
    const authorised = await startConnector(HttpAdapter, { url: server.url, config: { auth } });
    running.push(authorised);
    await expect(authorised.call('get', { path: '/' })).resolves.toMatchObject({ status: 200 });
    expect(tokens.requests[0]?.text()).toBe('grant_type=client_credentials&scope=read');
    expect(tokens.requests).toHaveLength(2);
  });
});
