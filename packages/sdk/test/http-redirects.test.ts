import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
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

  it('of a POST is not followed', async () => {
    service.on('POST', '/old', { status: 307, headers: { location: '/new' } });
    using remote = openHttp({ ...service.endpoint, auth });
    expect(await rejection(remote.http.request({ method: 'POST', path: '/old' }))).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      details: { reason: 'redirect_not_followed' },
    });
    expect(service.requests).toHaveLength(1);
  });

  it('is the answer where the request accepts its status', async () => {
    service.on('GET', '/old', { status: 302, headers: { location: `${other.url}/new` } });
    using remote = openHttp({ ...service.endpoint, auth });
    const answer = await remote.http.request({ path: '/old', accept: (status) => status === 302 });
    expect(answer.headers['location']).toBe(`${other.url}/new`);
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
