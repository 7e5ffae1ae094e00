import type { FakeServiceOptions } from '@automate/testing';
import { createCertificateAuthority, FakeService, startConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import type { Program } from '@automate/tooling/start-program';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';
import { startTinyproxy, tinyproxyService } from './tinyproxy.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

const tls = { tls: createCertificateAuthority().issue() };

describeWith(tinyproxyService, 'tinyproxy', () => {
  let proxy: Program;
  beforeAll(async () => {
    proxy = await startTinyproxy();
  });
  afterAll(() => proxy?.close());

  async function connectBy(credentials: string, options: FakeServiceOptions = {}) {
    const server = await FakeService.start(options);
    running.push(server);
    server.on('*', /./, { json: { here: true } });
    const { scheme, port } = server.endpoint;
    const connector = await startConnector(HttpAdapter, {
      // Another name for this machine: what is known to be on it is never asked through a proxy.
      config: {
        scheme,
        host: '0.0.0.0',
        port,
        proxy: `http://${credentials}127.0.0.1:${proxy.port}`,
        tls: { insecure: true },
      },
    });
    running.push(connector);
    return { server, connector };
  }

  it('passes on requests in HTTP', async () => {
    const { server, connector } = await connectBy('ann:secret@');
    await expect(connector.call('get', { path: '/a?b=c' })).resolves.toMatchObject({ json: { here: true } });
    // It closes after each answer without a word; nothing is sent into that.
    for (let count = 0; count < 20; count += 1)
      await expect(connector.call('request', { method: 'POST', path: '/', json: { a: 1 } })).resolves.toMatchObject({
        status: 200,
      });
    expect(server.requests.map(({ target }) => target)).toStrictEqual(['/a?b=c', ...Array(20).fill('/')]);
    expect(server.requests[0]?.headers['via']).toContain('tinyproxy');
    expect(server.requests[1]?.json()).toStrictEqual({ a: 1 });
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('makes a tunnel for HTTPS', async () => {
    const { server, connector } = await connectBy('ann:secret@', tls);
    await expect(connector.call('get', { path: '/' })).resolves.toMatchObject({ json: { here: true } });
    expect(server.requests[0]?.headers).not.toHaveProperty('via');
    expect(proxy.output.stdout).toContain(`CONNECT 0.0.0.0:${server.endpoint.port}`);
  });

  it.each<[string, string, object]>([
    ['http', '', { details: { reason: 'proxy_refused', status: 407 } }],
    ['https', '', { details: { reason: 'proxy_refused', status: 407 } }],
    ['https', 'ann:wrong@', { details: { reason: 'proxy_refused', status: 401 } }],
    // It answers as the server would.
    [
      'http',
      'ann:wrong@',
      { message: expect.stringMatching(/through the proxy .* answered 401 .*the proxy's credentials/) },
    ],
  ])('lets nobody through without the right credentials: %s, "%s"', async (scheme, credentials, said) => {
    const { server, connector } = await connectBy(credentials, scheme === 'https' ? tls : {});
    await expect(connector.call('request', { method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      effect: 'none',
      blame: 'operator',
      ...said,
    });
    expect(server.requests).toStrictEqual([]);
  });

  it.each(['http', 'https'])('that cannot reach the server says so: %s', async (scheme) => {
    const { server, connector } = await connectBy('ann:secret@', scheme === 'https' ? tls : {});
    await server.close();
    await expect(connector.call('request', { method: 'POST', path: '/' })).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining(`the proxy http://127.0.0.1:${proxy.port}`),
    });
  });
});
