import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, FakeService, startConnector } from '@automate/testing';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';

const folder = mkdtempSync(join(tmpdir(), 's3-tls-'));
const authority = createCertificateAuthority();
const client = authority.issue({ commonName: 'client' });
const files = { caFile: join(folder, 'ca.pem'), certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
writeFileSync(files.caFile, authority.cert);
writeFileSync(files.certFile, client.cert);
writeFileSync(files.keyFile, client.key);

const running: { close(): Promise<void> }[] = [];

describe('TLS', () => {
  afterEach(async () => {
    for (const each of running.splice(0).toReversed()) await each.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function serve(requestCert = false): Promise<string> {
    const server = await FakeService.start({ tls: { ...authority.issue(), ca: authority.cert, requestCert } });
    running.push(server);
    server.on('*', /.*/, { text: '<ListAllMyBucketsResult/>' });
    return server.url;
  }

  async function start(url: string, tls?: Record<string, string | boolean>) {
    const connector = await startConnector(S3Adapter, { url, config: tls === undefined ? {} : { tls } });
    running.push(connector);
    return connector;
  }

  it('works with the authority that is configured, and with any only when told so', async () => {
    const url = await serve();
    await expect((await start(url, { caFile: files.caFile })).call('list_buckets')).resolves.toMatchObject({});
    await expect((await start(url, { insecure: true })).call('list_buckets')).resolves.toMatchObject({});
    await expect((await start(url)).call('list_buckets')).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: false,
      details: { reason: 'tls_certificate' },
      message: expect.stringContaining('tls.ca_file'),
    });
  });

  it('shows a certificate to a server that asks for one', async () => {
    const url = await serve(true);
    await expect((await start(url, files)).call('list_buckets')).resolves.toMatchObject({});
    await expect((await start(url, { caFile: files.caFile })).call('list_buckets')).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      details: { reason: 'client_certificate_refused' },
    });
  });

  it('names a file that cannot be read, and works once it can', async () => {
    const caFile = join(folder, 'later.pem');
    const connector = await start(await serve(), { caFile });
    await expect(connector.call('list_buckets')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(caFile),
    });
    writeFileSync(caFile, authority.cert);
    await expect(connector.call('list_buckets')).resolves.toMatchObject({});
  });

  it('is missed at a port that speaks plain HTTP', async () => {
    const plain = await FakeService.start();
    running.push(plain);
    const connector = await start(plain.url.replace('http:', 'https:'));
    await expect(connector.call('list_buckets')).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      details: { reason: 'tls' },
    });
  });
});
