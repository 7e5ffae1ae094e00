// Long: every way in which a request can fail, against one server that fails in all of them.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FakeReply } from '@automate/testing';
import { closedPort, FakeService } from '@automate/testing';
import { openHttp, rejection } from './open-http.ts';
import type { Address } from './raw-server.ts';
import { serveRaw } from './raw-server.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});

afterEach(() => service.close());

async function failureOf(
  reply: FakeReply,
  method: 'GET' | 'POST' = 'GET',
): Promise<Error & Readonly<Record<string, unknown>>> {
  service.on('*', '/x', reply);
  using remote = openHttp(service.endpoint);
  // Awaited here: leaving closes the connector.
  return await rejection(remote.http.request({ method, path: '/x', query: { key: 'in-the-query' } }));
}

describe('a status that is no answer', () => {
  it.each<[number, string, Record<string, unknown>]>([
    [400, 'INVALID_INPUT', { retryable: false, effect: 'none', blame: 'caller' }],
    [401, 'AUTH_FAILED', { retryable: false, blame: 'operator' }],
    [403, 'FORBIDDEN', { retryable: false, blame: 'operator' }],
    [404, 'NOT_FOUND', { retryable: false }],
    [409, 'ALREADY_EXISTS', { retryable: false }],
    [425, 'UPSTREAM_5XX', { retryable: true, effect: 'none' }],
    [422, 'INVALID_INPUT', { retryable: false }],
    [429, 'RATE_LIMITED', { retryable: true, effect: 'none' }],
    [500, 'UPSTREAM_5XX', { retryable: true, effect: 'maybe', blame: 'remote' }],
    [501, 'UPSTREAM_5XX', { retryable: false }],
    [503, 'UPSTREAM_5XX', { retryable: true }],
    [304, 'UPSTREAM_5XX', { retryable: false, details: { status: 304, reason: 'unexpected_status' } }],
  ])('%i becomes %s', async (status, code, rest) => {
    expect(await failureOf({ status })).toMatchObject({ code, details: { status }, ...rest });
  });

  it("is told with method, URL without its query, status, the answer's beginning and who must act", async () => {
    const error = await failureOf({ status: 403, json: { message: 'scope "write" is missing' } }, 'POST');
    expect(error.message).toBe(
      `POST ${service.url}/x answered 403 Forbidden: {"message":"scope \\"write\\" is missing"}; the operator must give the connector's credentials the right to do this`,
    );
  });

  it('quotes no page for people, and of a long text only the beginning', async () => {
    expect(
      (await failureOf({ status: 502, headers: { 'content-type': 'text/html' }, text: '<h1>Bad</h1>' })).message,
    ).toBe(`GET ${service.url}/x answered 502 Bad Gateway`);
    const long = await failureOf({ status: 400, text: 'x'.repeat(100_000) });
    expect(long.message.length).toBeLessThan(400);
  });

  it('quotes no secret that the connector knows, in whichever form', async () => {
    const secret = 'p&ss wörd/1';
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    service.on('GET', '/x', { status: 400, text: `no: ${forms.join(' ')} !` });
    using remote = openHttp({ ...service.endpoint, secrets: { anything: secret } });
    const { message } = await rejection(remote.http.request({ path: '/x' }));
    expect(message).toContain('no: [secret] [secret] [secret] !');
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('in seconds is handed on with %i', async (status) => {
    expect(await failureOf({ status, headers: { 'retry-after': '3' } })).toMatchObject({ retryAfterMs: 3000 });
  });

  it('as an HTTP date is handed on as what is left until then', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs } = await failureOf({ status: 429, headers: { 'retry-after': at } });
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each(['soon', '-5', ''])('that cannot be read (%j) is left out', async (value) => {
    expect(await failureOf({ status: 429, headers: { 'retry-after': value } })).toMatchObject({
      retryAfterMs: undefined,
    });
  });
});

describe('a network that fails', () => {
  it('is certainly without effect where the connection is refused', async () => {
    using remote = openHttp({ host: '127.0.0.1', port: await closedPort() });
    const error = await rejection(remote.http.request({ method: 'POST', path: '/x' }));
    expect(error).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: true,
      effect: 'none',
      details: { reason: 'econnrefused' },
    });
    expect(error.message).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/x: 127\.0\.0\.1:\d+ refused the connection/);
  });

  it('is certainly without effect where the name does not resolve', async () => {
    using remote = openHttp({ host: 'no-such-host.invalid', port: 80 });
    const error = await rejection(remote.http.request({ method: 'POST', path: '/x' }));
    expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', retryable: true, effect: 'none', blame: 'operator' });
    expect(error.message).toContain('the name "no-such-host.invalid" does not resolve');
  });

  it.each<'request' | 'body'>(['request', 'body'])(
    'may have had an effect where the connection breaks (%s)',
    async (drop) => {
      const error = await failureOf({ drop, text: 'x'.repeat(1000) }, 'POST');
      expect(error).toMatchObject({ code: 'TRANSIENT_NETWORK', retryable: true, effect: 'maybe' });
      expect(error.message).toContain('broke off the connection');
    },
  );
});

describe('a time that is over', () => {
  it.each([
    ["the request's own", { timeoutMs: 2000 }, {}],
    ["the call's", {}, { deadlineMs: 2000 }],
    ['the shorter of both', { timeoutMs: 2000 }, { deadlineMs: 60_000 }],
  ])('ends a request: %s', async (_which, request, call: { readonly deadlineMs?: number }) => {
    service.on('*', /./, { drop: 'never' });
    using remote = openHttp(service.endpoint);
    const { http } = call.deadlineMs === undefined ? remote : remote.call({ deadline: Date.now() + call.deadlineMs });
    const error = await rejection(http.request({ path: '/slow', ...request }));
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, effect: 'maybe' });
    expect(error.message).toMatch(/^GET .*\/slow did not answer within \d+ ms$/);
  });

  it("outside of a call is the connector's limits.timeout", async () => {
    service.on('*', /./, { drop: 'never' });
    using remote = openHttp({ ...service.endpoint, timeoutMs: 200 });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({ code: 'TIMEOUT' });
  });

  it('sends nothing where it was over before, and says so', async () => {
    using remote = openHttp(service.endpoint);
    const error = await rejection(
      remote.call({ deadline: Date.now() - 1 }).http.request({ method: 'POST', path: '/x' }),
    );
    expect(error).toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    expect(service.requests).toHaveLength(0);
  });

  it('ends also a body that trickles', async () => {
    using remote = openHttp({ ...(await trickling()), timeoutMs: 1000 });
    expect(await rejection(remote.http.request({ path: '/' }))).toMatchObject({ code: 'TIMEOUT', effect: 'maybe' });
  });
});

describe('a request that is given up', () => {
  it('ends with CANCELLED, and its connection closes', async () => {
    service.on('*', /./, { drop: 'never' });
    using remote = openHttp(service.endpoint);
    const caller = new AbortController();
    const failed = rejection(remote.call({ signal: () => caller.signal }).http.request({ method: 'POST', path: '/x' }));
    await until(() => service.requests.length === 1);
    caller.abort();
    expect(await failed).toMatchObject({ code: 'CANCELLED', effect: 'maybe' });
    await until(() => service.connections === 0);
  });

  it('bears the reason of whoever gave it up', async () => {
    service.on('*', /./, { drop: 'never' });
    using remote = openHttp(service.endpoint);
    const signal = AbortSignal.timeout(50);
    expect(await rejection(remote.call({ signal: () => signal }).http.request({ path: '/x' }))).toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('is not even sent where the signal fired before', async () => {
    using remote = openHttp(service.endpoint);
    const failed = rejection(remote.call({ signal: () => AbortSignal.abort() }).http.request({ path: '/x' }));
    expect(await failed).toMatchObject({ code: 'CANCELLED', effect: 'none' });
    expect(service.requests).toHaveLength(0);
  });

  it('ends with UNAVAILABLE when the connector closes, and so do later ones', async () => {
    service.on('*', /./, { drop: 'never' });
    const remote = openHttp(service.endpoint);
    const failed = rejection(remote.http.request({ path: '/x' }));
    await until(() => service.requests.length === 1);
    remote.close();
    expect(await failed).toMatchObject({ code: 'UNAVAILABLE', effect: 'maybe' });
    expect(await rejection(remote.http.request({ path: '/x' }))).toMatchObject({ code: 'UNAVAILABLE', effect: 'none' });
  });
});

describe('an answer that cannot be used', () => {
  it.each([
    ['cut off in the middle', '{"a":'],
    ['a page', '<html></html>'],
    ['empty', ''],
  ])("as JSON (%s) is the remote system's fault, not to be repeated", async (_what, text) => {
    service.on('GET', '/x', { text });
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.json({ path: '/x' }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      details: { reason: 'bad_json', status: 200 },
    });
    expect(error.message).toMatch(/^GET .*\/x answered 200 with /);
  });

  it.each([
    ['announced', {}],
    ['unannounced', { 'transfer-encoding': 'chunked' }],
  ])('is too large: %s', async (_how, headers) => {
    service.on('GET', '/x', { text: 'x'.repeat(2000), headers });
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.request({ path: '/x', maxBytes: 1000 }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
      details: { reason: 'answer_too_large', maxBytes: 1000 },
    });
    await expect(remote.http.request({ path: '/x', maxBytes: 2000 })).resolves.toMatchObject({ status: 200 });
  });

  it('is too large at 3 MiB where the request says nothing', async () => {
    const limit = 3 * 1024 * 1024;
    service.on('GET', '/fits', { bytes: Buffer.alloc(limit) });
    service.on('GET', '/bursts', { bytes: Buffer.alloc(limit + 1) });
    using remote = openHttp(service.endpoint);
    expect((await remote.http.request({ path: '/fits' })).body.byteLength).toBe(limit);
    expect(await rejection(remote.http.request({ path: '/bursts' }))).toMatchObject({
      details: { reason: 'answer_too_large' },
    });
  });

  it('is too large once unpacked', async () => {
    const { gzipSync } = await import('node:zlib');
    service.on('GET', '/bomb', { bytes: gzipSync(Buffer.alloc(100_000)), headers: { 'content-encoding': 'gzip' } });
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ path: '/bomb', maxBytes: 5000 }))).toMatchObject({
      details: { reason: 'answer_too_large' },
    });
  });

  it('is packed in a way that nobody reads', async () => {
    expect(await failureOf({ text: 'x', headers: { 'content-encoding': 'sealed' } })).toMatchObject({
      details: { reason: 'bad_encoding' },
    });
  });

  it('is not HTTP', async () => {
    using remote = openHttp(await serveRaw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    const error = await rejection(remote.http.request({ path: '/' }));
    expect(error).toMatchObject({ code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'bad_http' } });
  });
});

describe('a call of several requests', () => {
  it('is never without effect once one of them may have changed something', async () => {
    service.on('POST', '/create', { status: 201 });
    service.on('GET', '/show', { status: 429 });
    using remote = openHttp(service.endpoint);
    const { http } = remote.call();
    expect(await rejection(http.request({ path: '/show' }))).toMatchObject({ code: 'RATE_LIMITED', effect: 'none' });
    await http.request({ method: 'POST', path: '/create' });
    expect(await rejection(http.request({ path: '/show' }))).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      effect: 'maybe',
    });
    // Another call knows nothing of it.
    expect(await rejection(remote.call().http.request({ path: '/show' }))).toMatchObject({ effect: 'none' });
  });

  it('stays without effect where a change was certainly refused', async () => {
    service.on('POST', '/create', { status: 429 });
    using remote = openHttp(service.endpoint);
    const { http } = remote.call();
    await rejection(http.request({ method: 'POST', path: '/create' }));
    expect(await rejection(http.request({ method: 'POST', path: '/create' }))).toMatchObject({ effect: 'none' });
  });
});

/** Sends a byte now and then, for ever. */
function trickling(): Promise<Address> {
  return serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
    const timer = setInterval(() => socket.write('x'), 10);
    socket.on('close', () => clearInterval(timer));
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
