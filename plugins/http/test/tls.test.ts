import { readFileSync } from 'node:fs';
import { FakeService, startConnector } from '@automate/testing';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';
import type { PrivateCa } from './private-ca.ts';
import { createPrivateCa } from './private-ca.ts';

const openssl = { name: 'openssl', available: () => isOnPath('openssl'), remedy: 'apt-get install openssl' };

describeWith(openssl, 'TLS to a private certificate authority', () => {
  let ca: PrivateCa;
  const running: { close(): Promise<void> }[] = [];

  beforeAll(() => {
    ca = createPrivateCa();
  });
  afterEach(async () => {
    for (const each of running.splice(0).toReversed()) await each.close();
  });
  afterAll(() => ca.remove());

  async function serveSecurely(options: { readonly requestCert?: boolean } = {}): Promise<string> {
    const { cert, key } = ca.server;
    const server = await FakeService.start({
      tls: {
        cert: readFileSync(cert, 'utf8'),
        key: readFileSync(key, 'utf8'),
        ca: readFileSync(ca.caFile, 'utf8'),
        ...options,
      },
    });
    server.on('*', /.*/, { json: { secure: true } });
    running.push(server);
    return server.url;
  }

  async function start(url: string, tls?: Record<string, string | boolean>) {
    const connector = await startConnector(HttpAdapter, { url, config: tls === undefined ? {} : { tls } });
    running.push(connector);
    return connector;
  }

  it('answers once the authority is configured', async () => {
    const connector = await start(await serveSecurely(), { caFile: ca.caFile });
    await expect(connector.call('get', { path: '/' })).resolves.toMatchObject({ json: { secure: true } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
  });

  it('refuses a certificate of an authority that nobody named, and says what to set', async () => {
    const connector = await start(await serveSecurely());
    await expect(connector.call('get', { path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      message: expect.stringContaining('tls.ca_file'),
    });
  });

  it('checks the name in the certificate, which server_name can set', async () => {
    const url = await serveSecurely();
    const other = await start(url, { caFile: ca.caFile, serverName: 'other.example' });
    await expect(other.call('get', { path: '/' })).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
    const right = await start(url, { caFile: ca.caFile, serverName: 'localhost' });
    await expect(right.call('get', { path: '/' })).resolves.toMatchObject({ status: 200 });
  });

  it('accepts any certificate only when told to', async () => {
    const connector = await start(await serveSecurely(), { insecure: true });
    await expect(connector.call('get', { path: '/' })).resolves.toMatchObject({ status: 200 });
  });

  it('shows its own certificate to a server that asks for one', async () => {
    const url = await serveSecurely({ requestCert: true });
    const known = await start(url, { caFile: ca.caFile, certFile: ca.client.cert, keyFile: ca.client.key });
    await expect(known.call('get', { path: '/' })).resolves.toMatchObject({ status: 200 });
    const unknown = await start(url, { caFile: ca.caFile });
    await expect(unknown.call('get', { path: '/' })).rejects.toMatchObject({ code: 'AUTH_FAILED' });
  });
});
