import type { JsonObject } from '@automate/sdk';
import type { FakeHandler, FakeReply, StartConnectorOptions } from '@automate/testing';
import { FakeService, startConnector } from '@automate/testing';
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

const echo: FakeHandler = ({ method, path, query, headers, text }) => ({
  json: {
    method,
    path,
    query: [...query],
    type: headers['content-type'] ?? null,
    agent: headers['x-agent'] ?? null,
    body: text(),
  },
});

describe('the body and the shape of a request', () => {
  it.each([
    ['JSON', { json: { a: [1, null] } }, 'application/json', '{"a":[1,null]}'],
    ['a form', { form: { a: '1 2', b: ['&', 3] } }, 'application/x-www-form-urlencoded', 'a=1+2&b=%26&b=3'],
    ['text', { text: 'grüß' }, 'text/plain; charset=utf-8', 'grüß'],
    ['bytes', { base64: Buffer.from('raw').toString('base64') }, 'application/octet-stream', 'raw'],
  ])('sends %s with the content type that belongs to it', async (_title, body, type, sent) => {
    const { connector } = await start(echo);
    const { json } = await connector.call('request', { method: 'PUT', path: '/things/1', ...body });
    expect(json).toStrictEqual({ method: 'PUT', path: '/things/1', query: [], type, agent: null, body: sent });
  });

  it('sends query and headers along, and lists in the query as repeated names', async () => {
    const { connector } = await start(echo);
    const { json } = await connector.call('get', {
      path: '/search?x=1',
      query: { q: 'a b&c', tag: ['one', 'two'], page: 2 },
      headers: { 'X-Agent': 'test' },
    });
    expect(json).toMatchObject({
      path: '/search',
      query: [
        ['x', '1'],
        ['q', 'a b&c'],
        ['tag', 'one'],
        ['tag', 'two'],
        ['page', '2'],
      ],
      agent: 'test',
    });
  });

  it('stays below the base path, whatever the caller asks for', async () => {
    const { connector, server } = await start(echo, { config: { basePath: '/api/v2' } });
    await expect(connector.call('get', { path: '/users' })).resolves.toMatchObject({ json: { path: '/api/v2/users' } });
    for (const path of ['/../admin', '/%2e%2e/admin', '/users/../../../admin']) {
      await expect(connector.call('get', { path })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    await expect(connector.call('get', { path: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(server.requests.map(({ path }) => path)).toStrictEqual(['/api/v2/users']);
  });

  it('refuses two bodies at once', async () => {
    const { connector, server } = await start(echo);
    await expect(connector.call('request', { path: '/', json: 1, text: 'x' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(server.requests).toStrictEqual([]);
  });
});

describe('a request', () => {
  it('of several parts has fields and files', async () => {
    const { connector, server } = await start(() => ({}));
    const parts: JsonObject[] = [
      { name: 'title', text: 'grüß' },
      { name: 'file', base64: 'AP8=', filename: 'a b.bin' },
      { name: 'doc', text: '{}', filename: 'a.json', content_type: 'application/json' },
    ];
    await connector.call('request', { method: 'POST', path: '/up', multipart: parts });
    const { body, headers } = server.requests[0]!;
    const type = headers['content-type'] ?? '';
    const form = await new Response(Buffer.from(body), { headers: { 'content-type': type } }).formData();
    expect(form.get('title')).toBe('grüß');
    const file = form.get('file') as File;
    expect([file.name, file.type, ...(await file.bytes())]).toEqual(['a b.bin', 'application/octet-stream', 0, 255]);
    expect((form.get('doc') as File).type).toBe('application/json');
    for (const wrong of [{ name: 'a' }, { name: 'a', text: 'x', base64: 'AA==' }] as JsonObject[])
      await expect(connector.call('request', { method: 'POST', path: '/', multipart: [wrong] })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
  });

  it("keeps the path's own query as it was asked", async () => {
    const { connector, server } = await start(() => ({}));
    await connector.call('get', { path: '/a?flag&s=a%20b&s=a+b', query: { more: 'x y' } });
    expect(server.requests[0]?.target).toBe('/a?flag&s=a%20b&s=a+b&more=x%20y');
  });

  it('is redirected within its origin, to any without credentials, or not at all, as it says', async () => {
    const other = await FakeService.start();
    running.push(other);
    other.on('*', /./, { text: 'there' });
    const { connector } = await start(
      ({ path }) => {
        const location = path === '/away' ? `${other.url}/x` : '/end';
        return path === '/end' ? { text: 'end' } : { status: path === '/do' ? 303 : 302, headers: { location } };
      },
      { config: { auth: { type: 'bearer', token: 'the-token' } } },
    );
    const send = (method: string, path: string, redirects?: string) =>
      connector.call('request', { method, path, ...(redirects === undefined ? {} : { redirects }) });
    await expect(send('POST', '/do')).resolves.toMatchObject({ status: 200, text: 'end' });
    await expect(send('GET', '/away')).rejects.toMatchObject({ details: { reason: 'redirect_refused' } });
    await expect(send('GET', '/away', 'any_origin')).resolves.toMatchObject({ text: 'there' });
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    await expect(send('POST', '/do', 'none')).resolves.toMatchObject({ status: 303, headers: { location: '/end' } });
  });
});

describe("the answer's body", () => {
  const answers: Readonly<Record<string, FakeReply>> = {
    '/json': { json: { ok: true } },
    '/hal': { text: '[1]', headers: { 'content-type': 'application/hal+json; charset=utf-8' } },
    '/problem': { text: '[1]', headers: { 'content-type': 'application/problem+json' } },
    '/old-json': { text: '[1]', headers: { 'content-type': 'text/json' } },
    '/svg': { text: '<svg/>', headers: { 'content-type': 'image/svg+xml' } },
    '/text': { text: 'plain' },
    '/latin': { bytes: Buffer.from([0xfc]), headers: { 'content-type': 'text/plain; charset=iso-8859-1' } },
    '/latin-json': {
      bytes: Buffer.from('{"a":"caf\xe9"}', 'latin1'),
      headers: { 'content-type': 'application/json; charset=iso-8859-1' },
    },
    '/no-text': { bytes: Buffer.from([0xfc]), headers: { 'content-type': 'text/plain' } },
    '/bytes': { bytes: Buffer.from([137, 80, 255]), headers: { 'content-type': 'image/png' } },
    '/nothing': { status: 204 },
    '/broken': { text: '{"cut', headers: { 'content-type': 'application/json' } },
    '/cookies': { text: 'x', headers: { 'set-cookie': ['a=1', 'b=2'], etag: '"7"' } },
  };
  const answer: FakeHandler = ({ path }) => answers[path] ?? { status: 404 };

  it.each([
    ['/json', { json: { ok: true } }],
    ['/hal', { json: [1] }],
    ['/text', { text: 'plain' }],
    ['/problem', { json: [1] }],
    ['/old-json', { json: [1] }],
    ['/svg', { text: '<svg/>' }],
    ['/latin', { text: 'ü' }],
    ['/latin-json', { json: { a: 'café' } }],
    ['/no-text', { base64: '/A==' }],
    ['/bytes', { base64: 'iVD/' }],
  ])('comes as its content type says: %s', async (path, expected) => {
    const { connector } = await start(answer);
    await expect(connector.call('get', { path })).resolves.toMatchObject({ status: 200, ...expected });
  });

  it('is left out where there is none', async () => {
    const { connector } = await start(answer);
    const result = await connector.call('get', { path: '/nothing' });
    expect(result).toMatchObject({ status: 204 });
    expect(Object.keys(result).toSorted()).toStrictEqual(['headers', 'status']);
  });

  it('comes in the form that is asked for', async () => {
    const { connector } = await start(answer);
    await expect(connector.call('get', { path: '/json', answer_as: 'text' })).resolves.toMatchObject({
      text: '{"ok":true}',
    });
    await expect(connector.call('get', { path: '/text', answer_as: 'base64' })).resolves.toMatchObject({
      base64: 'cGxhaW4=',
    });
    await expect(connector.call('get', { path: '/text', answer_as: 'json' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
    });
  });

  it('is an error where it calls itself JSON and is not', async () => {
    const { connector } = await start(answer);
    await expect(connector.call('get', { path: '/broken' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
    });
  });

  it('gives cookies only to those who name them', async () => {
    const { connector } = await start(answer);
    const { headers } = await connector.call('get', { path: '/cookies' });
    expect(headers).toMatchObject({ etag: '"7"' });
    expect(headers).not.toHaveProperty('set-cookie');
    await expect(connector.call('get', { path: '/cookies', answer_headers: ['Set-Cookie'] })).resolves.toMatchObject({
      headers: { 'set-cookie': ['a=1', 'b=2'] },
    });
  });

  it('keeps every value of a header, whatever its name, and every digit of a number', async () => {
    const { connector } = await start(() => ({
      text: '{"id":9007199254740993,"__proto__":1}',
      headers: { 'content-type': 'application/json', 'x-many': ['a, b', 'c'], ['__proto__']: 'kept' },
    }));
    const { json, headers } = await connector.call('get', { path: '/' });
    expect(JSON.stringify(json)).toBe('{"id":"9007199254740993","__proto__":1}');
    expect(headers).toMatchObject({ 'x-many': ['a, b', 'c'] });
    expect(Object.entries(headers as object)).toContainEqual(['__proto__', 'kept']);
  });

  it('keeps both values of a key that stands twice, as text, and is refused as JSON', async () => {
    const text = `{"ids":[${'9007199254740993,'.repeat(60)}1],"a":{"b":1,"b":2}}`;
    const { connector } = await start(() => ({ text, headers: { 'content-type': 'application/json' } }));
    const answered = await connector.call('request', { method: 'POST', path: '/', json: 1 });
    expect(answered).toMatchObject({ status: 200, text });
    expect(answered).not.toHaveProperty('json');
    const failure = { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'repeated_key', key: 'a.b' } };
    await expect(connector.call('get', { path: '/', answer_as: 'json' })).rejects.toMatchObject(failure);
    await expect(connector.call('list_pages', { path: '/', items: 'ids' })).rejects.toMatchObject(failure);
  });

  it('is refused beyond the declared limit', async () => {
    const { connector } = await start(() => ({ text: 'x'.repeat(5000) }));
    await expect(connector.call('get', { path: '/', max_bytes: 4999 })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: false,
    });
    await expect(connector.call('get', { path: '/', max_bytes: 5000 })).resolves.toMatchObject({
      text: 'x'.repeat(5000),
    });
  });

  it('is an error where the service breaks off in the middle', async () => {
    const { connector } = await start(() => ({ text: 'x'.repeat(5000), drop: 'body' }));
    await expect(connector.call('get', { path: '/' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
    });
  });
});

describe("the answer's status", () => {
  const byPath: FakeHandler = ({ path }) => ({
    status: Number(path.slice(1)),
    json: { said: path },
    ...(path === '/429' ? { headers: { 'retry-after': '3' } } : {}),
  });

  it.each([
    [400, 'INVALID_INPUT'],
    [401, 'AUTH_FAILED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [409, 'ALREADY_EXISTS'],
    [422, 'INVALID_INPUT'],
    [429, 'RATE_LIMITED'],
    [500, 'UPSTREAM_5XX'],
    [503, 'UPSTREAM_5XX'],
  ])('%i becomes %s', async (status, code) => {
    const { connector } = await start(byPath);
    await expect(connector.call('get', { path: `/${status}` })).rejects.toMatchObject({ code, details: { status } });
  });

  it('hands on how long to wait', async () => {
    const { connector } = await start(byPath);
    await expect(connector.call('get', { path: '/429' })).rejects.toMatchObject({ retryAfterMs: 3000 });
  });

  it('is an answer like any other where the caller accepts it', async () => {
    const { connector } = await start(byPath);
    await expect(connector.call('get', { path: '/404', accept_status: [200, 404] })).resolves.toMatchObject({
      status: 404,
      json: { said: '/404' },
    });
    await expect(connector.call('get', { path: '/500', accept_status: 'any' })).resolves.toMatchObject({ status: 500 });
    await expect(connector.call('get', { path: '/500', accept_status: [404] })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
    });
  });
});

describe('what the actions declare', () => {
  it('calls a request something that may change things and must not be repeated, and a GET the opposite', () => {
    const { request, get } = new HttpAdapter().actions;
    expect(request).toMatchObject({ sideEffects: true, idempotent: false });
    expect(get).toMatchObject({ sideEffects: false, idempotent: true });
  });
});
