import { readFileSync } from 'node:fs';
import { closedPort, startConnector } from '@automate/testing';
import type { StartConnectorOptions } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivateCa } from '../../http/test/private-ca.ts';
import type { PrivateCa } from '../../http/test/private-ca.ts';
import { squidService, startSquid } from '../../http/test/squid.ts';
import type { Squid } from '../../http/test/squid.ts';
import S3Adapter from '../src/s3-adapter.ts';
import { auth, startServer } from './start-server.ts';
import type { S3Server } from './start-server.ts';

const openssl = { name: 'openssl', available: () => isOnPath('openssl'), remedy: 'apt-get install openssl' };
const both = { ...squidService, available: () => squidService.available() && openssl.available() };
const bucket = 'reports';
const object = { bucket, key: 'a b/ä+~(c)' };

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

/** A connector to this machine by a name that only the proxy knows. */
async function connectorTo(url: string, { config, ...rest }: StartConnectorOptions = {}) {
  const { protocol, port } = new URL(url);
  const place = { scheme: protocol.replace(':', ''), host: 'target.test', port: Number(port) };
  const connector = await startConnector(S3Adapter, { ...rest, config: { auth, ...place, ...config } });
  running.push(connector);
  return connector;
}

describeWith(both, 'a real proxy', () => {
  let open: Squid;
  let guarded: Squid;
  let ca: PrivateCa;
  let plain: S3Server;
  let secure: S3Server;

  beforeAll(async () => {
    [open, guarded] = await Promise.all([startSquid(), startSquid('p@ss-word')]);
    ca = createPrivateCa('target.test');
    const tls = { cert: readFileSync(ca.server.cert, 'utf8'), key: readFileSync(ca.server.key, 'utf8') };
    [plain, secure] = await Promise.all([startServer(), startServer({ tls })]);
  }, 60_000);
  afterAll(async () => {
    ca?.remove();
    await Promise.all([open?.close(), guarded?.close(), plain?.stop(), secure?.stop()]);
  });
  const trusted = () => ({ tls: { caFile: ca.caFile } });

  it.each(['http', 'https'])('leads to S3, whose signatures still fit: %s', async (scheme) => {
    const server = scheme === 'http' ? plain : secure;
    const connector = await connectorTo(server.url, { config: { proxy: open.url, ...trusted() } });
    await connector.call('create_bucket', { bucket });
    await connector.call('put_object', { ...object, text: 'by proxy' });
    await expect(connector.call('get_object', { ...object, as: 'text' })).resolves.toMatchObject({ text: 'by proxy' });
    await expect(connector.call('call', { path: `/${bucket}?list-type=2` })).resolves.toMatchObject({ status: 200 });
    await connector.close();
    const { port } = new URL(server.url);
    const line = scheme === 'http' ? `PUT http://target.test:${port}/${bucket}/` : `CONNECT target.test:${port}`;
    await eventually(open.log, (log) => log.includes(line));
  });

  it("is that of the host's environment, but for hosts that it excepts", async () => {
    const environment = { http: open.url, https: `http://127.0.0.1:${await closedPort()}` };
    const connector = await connectorTo(plain.url, { proxies: environment });
    await expect(connector.call('list_buckets')).resolves.toMatchObject({ buckets: expect.any(Array) });
    expect(connector.records).toContainEqual(
      expect.objectContaining({ message: `http requests go through the proxy ${open.url}` }),
    );
    for (const options of [
      { proxies: { ...environment, no: '.test' } },
      { proxies: environment, config: { proxy: 'none' } },
    ])
      await expect((await connectorTo(plain.url, options)).call('list_buckets')).rejects.toMatchObject({
        message: expect.stringContaining('does not resolve'),
      });
    await expect((await connectorTo(secure.url, { proxies: environment })).call('list_buckets')).rejects.toMatchObject({
      blame: 'operator',
      message: expect.stringContaining(`the proxy ${environment.https} refused the connection`),
    });
  });

  it.each(['http', 'https'])('that refuses our credentials is for the operator to mend: %s', async (scheme) => {
    const server = scheme === 'http' ? plain : secure;
    const right = guarded.url.replace('//', '//ann:p%40ss-word@');
    const connector = await connectorTo(server.url, { config: { proxy: right, ...trusted() } });
    await expect(connector.call('list_buckets')).resolves.toMatchObject({ buckets: expect.any(Array) });
    const wrong = await connectorTo(server.url, { config: { proxy: right.replace('p%40', 'q%40'), ...trusted() } });
    const failed = wrong.call('put_object', { ...object, text: '' });
    await expect(failed).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      blame: 'operator',
      effect: 'none',
      details: { reason: 'proxy_refused', status: 407 },
      message: expect.stringMatching(/proxy/),
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringMatching(/q(@|%40)ss-word/) });
  });

  it('that cannot reach S3 says so in its own name', async () => {
    const nobody = `https://127.0.0.1:${await closedPort()}`;
    const connector = await connectorTo(nobody, { config: { proxy: open.url } });
    await expect(connector.call('put_object', { ...object, text: '' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      blame: 'operator',
      effect: 'none',
      retryable: true,
      details: { reason: 'proxy_refused', status: 503 },
      message: expect.stringContaining(`the proxy ${open.url} answered 503`),
    });
    const stranger = await connectorTo(secure.url, { config: { proxy: open.url } });
    await expect(stranger.call('list_buckets')).rejects.toMatchObject({
      message: expect.stringContaining('tls.ca_file'),
    });
  });
});

describe('a proxy that is not there', () => {
  it.each(['http', 'https'])('is named, and nothing was sent: %s', async (scheme) => {
    const proxy = `http://127.0.0.1:${await closedPort()}`;
    const connector = await connectorTo(`${scheme}://127.0.0.1:1`, { config: { proxy } });
    await expect(connector.call('put_object', { ...object, text: '' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      blame: 'operator',
      effect: 'none',
      message: expect.stringContaining(`the proxy ${proxy} refused the connection`),
    });
  });
});
