import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCertificateAuthority, FakeService } from '@automate/testing';
import { openHttp, rejection } from './open-http.ts';

let service: FakeService;
let other: FakeService;

beforeEach(async () => {
  [service, other] = await Promise.all([FakeService.start(), FakeService.start()]);
  other.on('*', /./, { json: { stolen: true } });
});

afterEach(() => Promise.all([service.close(), other.close()]));

const auth = { type: 'bearer', token: 'abc-token' } as const;

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('within the origin is followed for GET: %i', async (status) => {
    service.on('GET', '/old', { status, headers: { location: '/new?x=1#part' } });
    service.on('GET', '/new', { json: { here: true } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await remote.http.json({ path: '/old' })).toEqual({ here: true });
    expect(service.requests[1]?.headers['authorization']).toBe('Bearer abc-token');
    expect(service.requests[1]?.query.get('x')).toBe('1');
  });

  it('to another origin is refused, and nothing is sent there', async () => {
    service.on('GET', '/old', { status: 302, headers: { location: `${other.url}/new?token=abc` } });
    using remote = openHttp({ ...service.endpoint, auth });
    const error = await rejection(remote.http.request({ path: '/old' }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      blame: 'operator',
      details: { status: 302, reason: 'redirect_refused' },
    });
    expect(error.message).toContain(`was redirected (302) to ${other.url}/new; another origin`);
    expect(other.requests).toHaveLength(0);
  });

  it('to another scheme of the same host is another origin', async () => {
    const { host, port } = service.endpoint;
    service.on('GET', '/old', { status: 301, headers: { location: `https://${host}:${port}/old` } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await rejection(remote.http.request({ path: '/old' }))).toMatchObject({
      details: { reason: 'redirect_refused' },
    });
  });

  it.each([301, 302])('of a POST is not followed with %i, which does not say whether it was done', async (status) => {
    service.on('POST', '/old', { status, headers: { location: '/new' } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await rejection(remote.http.request({ method: 'POST', path: '/old' }))).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      effect: 'maybe',
      details: { reason: 'redirect_not_followed' },
    });
    expect(service.requests).toHaveLength(1);
  });

  it.each(['POST', 'PUT', 'DELETE'] as const)('with 303 after a %s is asked for with GET', async (method) => {
    service.on(method, '/jobs', { status: 303, headers: { location: 'jobs/7' } });
    service.on('GET', '/jobs/7', { json: { state: 'done' } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await remote.http.json({ method, path: '/jobs', json: { a: 1 } })).toEqual({ state: 'done' });
    expect(service.requests[1]?.headers).toMatchObject({ authorization: 'Bearer abc-token' });
    expect(service.requests[1]?.headers).not.toHaveProperty('content-type');
    expect(service.requests[1]?.body).toHaveLength(0);
  });

  it('with 303 after a POST means that it was done, whatever becomes of the GET', async () => {
    service.on('POST', '/jobs', { status: 303, headers: { location: '/gone' } });
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ method: 'POST', path: '/jobs' }))).toMatchObject({
      code: 'NOT_FOUND',
      effect: 'maybe',
    });
  });

  it.each([307, 308])('with %i is followed with the same request', async (status) => {
    service.on('POST', '/old', { status, headers: { location: '/new' } });
    service.on('POST', '/new', { json: { here: true } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await remote.http.json({ method: 'POST', path: '/old', json: { a: 1 } })).toEqual({ here: true });
    expect(service.requests[1]?.json()).toEqual({ a: 1 });
    expect(service.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer abc-token',
      'content-type': 'application/json',
    });
  });

  it.each(['//:word@', '//who@', '//who:word@'])('with credentials of its own (%s) is refused', async (own) => {
    service.on('GET', '/old', { status: 302, headers: { location: `${service.url.replace('//', own)}/new` } });
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.request({ path: '/old' }));
    expect(error).toMatchObject({ blame: 'remote', details: { reason: 'redirect_refused' } });
    expect(error.message).not.toContain('word');
    expect(service.requests).toHaveLength(1);
  });

  it('is the answer where the request accepts its status', async () => {
    service.on('GET', '/old', { status: 302, headers: { location: `${other.url}/new` } });
    using remote = openHttp({ ...service.endpoint, auth });
    const answer = await remote.http.request({ path: '/old', accept: (status) => status === 302 });
    expect(answer.headers['location']).toBe(`${other.url}/new`);
  });

  it.each([
    ['in bytes of UTF-8', Buffer.from('/grüße/ä b').toString('latin1'), '/gr%C3%BC%C3%9Fe/%C3%A4%20b'],
    ['relative to where it comes from', '../c?d=%20', '/c?d=%20'],
    ['of nothing but a query', '?d', '/a/b?d'],
    ['with dots that lead nowhere', '/../../e', '/e'],
  ])('is followed to an address %s', async (_how, location, target) => {
    service.on('GET', '/a/b', [{ status: 302, headers: { location } }, {}]);
    service.on('GET', /^\/(gr|c|e)/, {});
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path: '/a/b' });
    expect(service.requests[1]?.target).toBe(target);
  });

  it('is followed five times and no more', async () => {
    service.on('GET', /^\/\d+$/, ({ path }) => ({
      status: 302,
      headers: { location: `/${Number(path.slice(1)) + 1}` },
    }));
    service.on('GET', '/6', { json: { end: true } });
    using remote = openHttp(service.endpoint);
    expect(await remote.http.json({ path: '/1' })).toEqual({ end: true });
    expect(await rejection(remote.http.json({ path: '/0' }))).toMatchObject({ details: { reason: 'redirect_loop' } });
  });
});

describe('a request for any origin', () => {
  it('goes there, without credentials or the trace', async () => {
    using remote = openHttp({ ...service.endpoint, auth, basePath: '/api' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { http } = remote.call({ traceparent });
    const answer = await http.json({ method: 'POST', path: `${other.url}/up?sig=a%20b`, anyOrigin: true, body: 'x' });
    expect(answer).toEqual({ stolen: true });
    expect(other.requests[0]?.target).toBe('/up?sig=a%20b');
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(other.requests[0]?.headers).not.toHaveProperty('traceparent');
  });

  it("is still the connector's own below its endpoint, and a stranger's beside its base path", async () => {
    service.on('GET', /./, { json: {} });
    using remote = openHttp({ ...service.endpoint, auth, basePath: '/api' });
    await remote.http.request({ path: `${service.url}/api/x`, anyOrigin: true });
    await remote.http.request({ path: `${service.url}/files/x`, anyOrigin: true });
    expect(service.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer abc-token', undefined]);
  });

  it('never takes credentials along, not even when it is told to', async () => {
    using remote = openHttp({ ...service.endpoint, auth });
    const failed = rejection(remote.http.request({ path: `${other.url}/x`, anyOrigin: true, authorize: true }));
    expect(await failed).toMatchObject({ code: 'INTERNAL_ERROR', effect: 'none', blame: 'plugin' });
    expect(other.requests).toHaveLength(0);
  });

  it('follows redirects to any, and leaves behind all that could be a credential', async () => {
    service.on('GET', '/download', { status: 302, headers: { location: `${other.url}/bytes` } });
    using remote = openHttp({ ...service.endpoint, auth });
    const headers = { 'X-Api-Key': 'caller-key', Cookie: 'a=1', Range: 'bytes=0-9' };
    await remote.http.request({ path: '/download', anyOrigin: true, headers });
    expect(service.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer abc-token',
      'x-api-key': 'caller-key',
    });
    expect(other.requests[0]?.headers).toMatchObject({ range: 'bytes=0-9' });
    for (const name of ['authorization', 'x-api-key', 'cookie'])
      expect(other.requests[0]?.headers).not.toHaveProperty(name);
  });

  it('does not bring the credentials back where the way leads home again', async () => {
    service.on('GET', '/out', { status: 302, headers: { location: `${other.url}/back` } });
    service.on('GET', '/home', { json: {} });
    other.on('GET', '/back', { status: 302, headers: { location: `${service.url}/home` } });
    using remote = openHttp({ ...service.endpoint, auth });
    await remote.http.request({ path: '/out', anyOrigin: true });
    expect(service.requests[1]?.headers).not.toHaveProperty('authorization');
  });

  it('is not led out of TLS', async () => {
    const authority = createCertificateAuthority();
    await using folder = await temporaryFolder();
    const caFile = join(folder.path, 'ca.pem');
    await writeFile(caFile, authority.cert);
    const secure = createServer(authority.issue(), (_request, response) => {
      response.writeHead(307, { location: `${other.url}/plain` }).end();
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    using remote = openHttp({ scheme: 'https', host: '127.0.0.1', port, tls: { caFile } });
    const refused = rejection(remote.http.request({ method: 'PUT', path: '/file', body: 'secret', anyOrigin: true }));
    expect(await refused).toMatchObject({ retryable: false, details: { reason: 'redirect_refused' } });
    expect(other.requests).toHaveLength(0);
    remote.close();
    secure.close();
  });

  it('is no way out of HTTP', async () => {
    service.on('GET', '/out', { status: 302, headers: { location: 'file:///etc/passwd' } });
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ path: '/out', anyOrigin: true }))).toMatchObject({
      message: expect.stringMatching(/redirected \(302\) to an address of the scheme "file"; only plain HTTP/),
      details: { reason: 'redirect_refused' },
    });
    expect(await rejection(remote.http.request({ path: 'file:///etc/passwd', anyOrigin: true }))).toMatchObject({
      details: { reason: 'bad_scheme' },
    });
  });
});

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'automate-redirects-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
