import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createCertificateAuthority, FakeService } from '@automate/testing';
import type { FakeServiceOptions } from '@automate/testing';
import { openHttp, rejection } from './open-http.ts';

const authority = createCertificateAuthority();
const server = authority.issue();
const client = authority.issue({ commonName: 'the connector' });

let folder: string;
const files = { ca: '', cert: '', key: '', strangerKey: '' };
const services: FakeService[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'automate-tls-'));
  const texts = { ca: authority.cert, cert: client.cert, key: client.key, strangerKey: authority.issue().key };
  for (const [name, text] of Object.entries(texts)) {
    const file = join(folder, `${name}.pem`);
    await writeFile(file, text);
    files[name as keyof typeof files] = file;
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

async function start(tls: FakeServiceOptions['tls'] = server): Promise<FakeService> {
  const service = await FakeService.start({ tls: tls ?? server });
  services.push(service);
  return service.on('*', /./, { json: { safe: true } });
}

describe('TLS', () => {
  it('trusts the authority of tls.ca_file', async () => {
    const service = await start();
    using remote = openHttp({ ...service.endpoint, tls: { caFile: files.ca } });
    expect(await remote.http.json({ path: '/' })).toEqual({ safe: true });
  });

  it('refuses a certificate of an unknown authority: for good, without effect, and says who must act', async () => {
    const service = await start();
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.request({ method: 'POST', path: '/x' }));
    expect(error).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: false,
      effect: 'none',
      blame: 'operator',
      details: { reason: 'tls_certificate', tls: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
    expect(error.message).toMatch(
      /the certificate of 127\.0\.0\.1:\d+ is not trusted: .*; the operator must set tls\.ca_file/,
    );
    expect(service.requests).toHaveLength(0);
  });

  it('refuses a certificate for another name, unless tls.server_name says that name', async () => {
    const service = await start(authority.issue({ hosts: ['service.internal'] }));
    using strict = openHttp({ ...service.endpoint, tls: { caFile: files.ca } });
    expect(await rejection(strict.http.request({ path: '/' }))).toMatchObject({
      retryable: false,
      details: { tls: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    using named = openHttp({ ...service.endpoint, tls: { caFile: files.ca, serverName: 'service.internal' } });
    expect(await named.http.json({ path: '/' })).toEqual({ safe: true });
  });

  it('refuses a certificate that has expired', async () => {
    const service = await start(authority.issue({ notAfter: new Date(Date.now() - 60_000) }));
    using remote = openHttp({ ...service.endpoint, tls: { caFile: files.ca } });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      retryable: false,
      details: { tls: 'CERT_HAS_EXPIRED' },
    });
  });

  it('takes any certificate where tls.insecure says so', async () => {
    const service = await start();
    using remote = openHttp({ ...service.endpoint, tls: { insecure: true } });
    expect(await remote.http.json({ path: '/' })).toEqual({ safe: true });
  });

  it('shows a client certificate', async () => {
    const service = await start({ ...server, ca: authority.cert, requestCert: true });
    using remote = openHttp({
      ...service.endpoint,
      tls: { caFile: files.ca, certFile: files.cert, keyFile: files.key },
    });
    expect(await remote.http.json({ path: '/' })).toEqual({ safe: true });
  });

  it('says that the other side wants a client certificate', async () => {
    const service = await start({ ...server, ca: authority.cert, requestCert: true });
    using remote = openHttp({ ...service.endpoint, tls: { caFile: files.ca } });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      code: 'AUTH_FAILED',
      effect: 'none',
      details: { reason: 'client_certificate_refused' },
    });
    expect(service.requests).toHaveLength(0);
  });

  it('says that the other side does not speak it', async () => {
    const plain = await FakeService.start();
    services.push(plain);
    using remote = openHttp({ ...plain.endpoint, scheme: 'https' });
    const error = await rejection(remote.http.request({ path: '/' }));
    expect(error).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: false,
      effect: 'none',
      details: { reason: 'tls' },
    });
    expect(error.message).toContain('does it speak TLS on this port?');
  });

  it('names the file that cannot be read, and reads it once it is there', async () => {
    const service = await start();
    const late = join(folder, 'late.pem');
    using remote = openHttp({ ...service.endpoint, tls: { caFile: late } });
    const error = await rejection(remote.http.request({ path: '/' }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { reason: 'tls_file' } });
    expect(error.message).toContain(`tls.ca_file names ${late}, which cannot be read (ENOENT)`);
    await writeFile(late, authority.cert);
    expect(await remote.http.json({ path: '/' })).toEqual({ safe: true });
  });

  it('says that key and certificate do not belong together', async () => {
    const service = await start();
    using remote = openHttp({
      ...service.endpoint,
      tls: { caFile: files.ca, certFile: files.cert, keyFile: files.strangerKey },
    });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      code: 'CONFIG_INVALID',
      effect: 'none',
    });
  });

  it('to a token endpoint trusts the same authority, and shows it no client certificate', async () => {
    const identity = await start({ ...server, ca: authority.cert });
    identity.on('POST', '/token', { json: { access_token: 'tls-token' } });
    const service = await start();
    using remote = openHttp({
      ...service.endpoint,
      tls: { caFile: files.ca },
      auth: { type: 'oauth2', tokenUrl: `${identity.url}/token`, clientId: 'c', clientSecret: 'secret-1' },
    });
    await remote.http.request({ path: '/' });
    expect(service.requests[0]?.headers['authorization']).toBe('Bearer tls-token');
  });
});
