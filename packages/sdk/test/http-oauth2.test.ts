import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuthConfig } from '@automate/contract';
import type { FakeReply } from '@automate/testing';
import { closedPort, FakeService } from '@automate/testing';
import { openHttp, rejection } from './open-http.ts';

let identity: FakeService;
let service: FakeService;

beforeEach(async () => {
  [identity, service] = await Promise.all([FakeService.start(), FakeService.start()]);
  service.on('*', /./, { json: { ok: true } });
});

afterEach(() => Promise.all([identity.close(), service.close()]));

function oauth2(extra: Partial<AuthConfig> = {}): AuthConfig {
  return {
    type: 'oauth2',
    tokenUrl: `${identity.url}/token`,
    clientId: 'client:1',
    clientSecret: 'very secret',
    ...extra,
  };
}

function token(name: string, expiresIn?: number): FakeReply {
  return {
    json: { access_token: name, token_type: 'Bearer', ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) },
  };
}

describe('oauth2', () => {
  it('fetches a token once, by the client credentials grant, and sends it with every request', async () => {
    identity.on('POST', '/token', token('t-1', 3600));
    using remote = openHttp({ ...service.endpoint, auth: oauth2({ scopes: ['read', 'write'] }) });
    await remote.http.request({ path: '/a' });
    await remote.http.request({ path: '/b' });
    expect(identity.requests).toHaveLength(1);
    expect(Object.fromEntries(new URLSearchParams(identity.requests[0]?.text()))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read write',
    });
    const basic = Buffer.from('client%3A1:very+secret').toString('base64');
    expect(identity.requests[0]?.headers['authorization']).toBe(`Basic ${basic}`);
    expect(service.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer t-1', 'Bearer t-1']);
  });

  it('says whom the token is for and whatever else the issuer asks for, and shows none of it', async () => {
    identity.on('POST', '/token', token('t-1', 3600));
    const more = { audience: 'https://api.example', tokenParams: { resource: 'r 1&2', pin: 'secret-pin' } };
    using remote = openHttp({ ...service.endpoint, auth: oauth2(more) });
    await remote.http.request({ path: '/a' });
    expect(Object.fromEntries(new URLSearchParams(identity.requests[0]?.text()))).toEqual({
      grant_type: 'client_credentials',
      audience: 'https://api.example',
      resource: 'r 1&2',
      pin: 'secret-pin',
    });
    service.on('GET', '/b', { status: 400, text: 'your pin secret-pin is wrong' });
    expect((await rejection(remote.http.request({ path: '/b' }))).message).not.toContain('secret-pin');
  });

  it('reads a token that comes packed, though nobody asked for that', async () => {
    const bytes = gzipSync(JSON.stringify({ access_token: 't-1' }));
    identity.on('POST', '/token', {
      bytes,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    await remote.http.request({ path: '/a' });
    expect(service.requests[0]?.headers['authorization']).toBe('Bearer t-1');
  });

  it('fetches one token for many requests at once', async () => {
    identity.on('POST', '/token', { ...token('t-1', 3600), delayMs: 50 });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    await Promise.all(Array.from({ length: 8 }, () => remote.http.request({ path: '/' })));
    expect(identity.requests).toHaveLength(1);
    expect(service.requests).toHaveLength(8);
  });

  it('replaces a token before it expires', async () => {
    identity.on('POST', '/token', [token('short', 0.2), token('long', 3600)]);
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    await remote.http.request({ path: '/' });
    // Half of its life is over then, and it is still good for the other half.
    await new Promise((resolve) => setTimeout(resolve, 120));
    await remote.http.request({ path: '/' });
    expect(service.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer short', 'Bearer long']);
  });

  it('fetches another token once where the remote system refuses the one it has', async () => {
    identity.on('POST', '/token', [token('revoked'), token('fresh')]);
    service.on('POST', '/x', [{ status: 401 }, { json: { done: true } }]);
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    expect(await remote.http.json({ method: 'POST', path: '/x', json: { n: 1 } })).toEqual({ done: true });
    expect(service.requests.map(({ headers, json }) => [headers['authorization'], json()])).toEqual([
      ['Bearer revoked', { n: 1 }],
      ['Bearer fresh', { n: 1 }],
    ]);
  });

  it('gives up after the second refusal', async () => {
    identity.on('POST', '/token', token('any'));
    service.on('*', /./, { status: 401 });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    expect(await rejection(remote.http.request({ path: '/x' }))).toMatchObject({ code: 'AUTH_FAILED' });
    expect(service.requests).toHaveLength(2);
  });

  it('puts the credentials into the body for servers that want them there', async () => {
    identity.on('POST', '/token', [{ status: 401, json: { error: 'invalid_client' } }, token('t-2')]);
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    await remote.http.request({ path: '/' });
    expect(Object.fromEntries(new URLSearchParams(identity.requests[1]?.text()))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client:1',
      client_secret: 'very secret',
    });
    expect(identity.requests[1]?.headers).not.toHaveProperty('authorization');
  });

  it.each<[string, FakeReply, Record<string, unknown>]>([
    ['refused', { status: 400, json: { error: 'invalid_scope' } }, { code: 'AUTH_FAILED', effect: 'none' }],
    [
      'refused with 200',
      { json: { error: 'bad_secret' } },
      { code: 'AUTH_FAILED', details: { reason: 'token_refused' } },
    ],
    ['silent', { drop: 'never' }, { code: 'TIMEOUT', effect: 'none' }],
    ['failing', { status: 503 }, { code: 'UPSTREAM_5XX', retryable: true, effect: 'none' }],
    ['throttled', { status: 429, headers: { 'retry-after': '7' } }, { code: 'RATE_LIMITED', retryAfterMs: 7000 }],
    ['empty', { json: {} }, { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'token_missing' } }],
    ['no JSON', { text: '<html>' }, { code: 'UPSTREAM_5XX', retryable: false }],
    ['cut off', { drop: 'request' }, { code: 'TRANSIENT_NETWORK', effect: 'none' }],
  ])('says when the token endpoint is %s, and that nothing has happened', async (_what, reply, expected) => {
    identity.on('POST', '/token', reply);
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    const timeoutMs = reply.drop === 'never' ? 300 : 20_000;
    const error = await rejection(remote.call().http.request({ method: 'POST', path: '/', timeoutMs }));
    expect(error).toMatchObject(expected);
    expect(error.message).toContain(`${identity.url}/token`);
    expect(error.message).not.toContain('very secret');
    expect(service.requests).toHaveLength(0);
  });

  it.each([429, 503])('asks no more for a token while the wait that came with a %i lasts', async (status) => {
    identity.on('POST', '/token', { status, headers: { 'retry-after': '60' } });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    const code = status === 429 ? 'RATE_LIMITED' : 'UPSTREAM_5XX';
    const first = await Promise.all([1, 2, 3].map(() => rejection(remote.http.request({ path: '/a' }))));
    expect(first).toMatchObject(first.map(() => ({ code, retryable: true, effect: 'none', retryAfterMs: 60_000 })));
    const later = await rejection(remote.http.request({ path: '/a' }));
    expect(later).toMatchObject({ code, retryable: true, effect: 'none', details: { status, reason: 'held_back' } });
    expect(later.retryAfterMs).toBeGreaterThan(0);
    expect(later.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect([identity.requests.length, service.requests.length]).toStrictEqual([1, 0]);
  });

  it('says when nothing listens at the token endpoint', async () => {
    using remote = openHttp({
      ...service.endpoint,
      auth: oauth2({ tokenUrl: `http://127.0.0.1:${await closedPort()}/t` }),
    });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
    });
  });

  it('lets one caller leave without failing the others that wait for the same token', async () => {
    identity.on('POST', '/token', { ...token('t-1'), delayMs: 100 });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    const leaver = new AbortController();
    const left = rejection(remote.call({ signal: () => leaver.signal }).http.request({ path: '/' }));
    const stays = remote.call().http.request({ path: '/' });
    leaver.abort();
    expect(await left).toMatchObject({ code: 'CANCELLED', effect: 'none' });
    await expect(stays).resolves.toMatchObject({ status: 200 });
    expect(identity.requests).toHaveLength(1);
  });

  it('keeps the token out of errors that quote an answer', async () => {
    identity.on('POST', '/token', token('issued-token-77'));
    service.on('GET', '/x', { status: 400, text: 'bad header: Bearer issued-token-77' });
    using remote = openHttp({ ...service.endpoint, auth: oauth2() });
    const error = await rejection(remote.http.request({ path: '/x' }));
    expect(error.message).toContain('bad header');
    expect(error.message).not.toContain('issued-token-77');
  });
});
