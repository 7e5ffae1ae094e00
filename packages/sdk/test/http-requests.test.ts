import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeService } from '@automate/testing';
import type { HttpRequest } from '../src/index.ts';
import { openHttp, rejection } from './open-http.ts';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
  service.on('*', /./, { json: { ok: true } });
});

afterEach(() => service.close());

describe('a request', () => {
  it('goes to the path below the endpoint and its base path', async () => {
    using remote = openHttp({ ...service.endpoint, basePath: '/prom/' });
    await remote.http.request({ path: '/api/v1/query' });
    await remote.http.request({ path: 'api/v1/labels' });
    await remote.http.request({ path: '' });
    expect(service.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /prom/api/v1/query',
      'GET /prom/api/v1/labels',
      'GET /prom/',
    ]);
  });

  it('encodes its query, repeats lists and leaves undefined out', async () => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({
      path: '/q?fixed=1',
      query: { a: 'x y&z', list: [1, 2], none: undefined, flag: false },
    });
    expect([...(service.requests[0]?.query ?? [])]).toEqual([
      ['fixed', '1'],
      ['a', 'x y&z'],
      ['list', '1'],
      ['list', '2'],
      ['flag', 'false'],
    ]);
  });

  it.each([
    ['/a?flag&s=a%20b', {}, '/a?flag&s=a%20b'],
    ['/a?flag&s=a%20b&s=a+b', { more: 'x y' }, '/a?flag&s=a%20b&s=a+b&more=x%20y'],
    ['/a%2Fb/%C3%BC/a+b', {}, '/a%2Fb/%C3%BC/a+b'],
    ['/grüße/x y ', {}, '/gr%C3%BC%C3%9Fe/x%20y%20'],
    ['/a//b/;v=1', {}, '/a//b/;v=1'],
  ])('goes out as it was asked: %s with %j', async (path, query, sent) => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path, query });
    expect(service.requests[0]?.target).toBe(sent);
  });

  it.each(['/channels/#general', '/a\tb', '/half\ud800', '/a\\b'])(
    'is refused where it could only go out changed: %j',
    async (path) => {
      using remote = openHttp(service.endpoint);
      expect(await rejection(remote.http.request({ path }))).toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason: 'bad_url' },
      });
      expect(service.requests).toHaveLength(0);
    },
  );

  it.each<[string, Omit<HttpRequest, 'path'>]>([
    ['a query', { query: { a: ['b', '\ud800'] } }],
    ['the name of a query', { query: { '\udc00': 'a' } }],
    ['a form', { form: { a: '\ud800' } }],
    ['a text', { body: 'a\ud800b' }],
    ['a part', { multipart: [{ name: 'a', value: '\ud800' }] }],
    ['the name of a part', { multipart: [{ name: '\ud800', value: 'a' }] }],
    ['the name of a file', { multipart: [{ name: 'a', value: 'a', filename: '\ud800.txt' }] }],
  ])('is refused where half a character would become another one: %s', async (_where, request) => {
    using remote = openHttp(service.endpoint);
    expect(await rejection(remote.http.request({ method: 'POST', path: '/', ...request }))).toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason: 'bad_text' },
    });
    expect(service.requests).toHaveLength(0);
  });

  it('takes any name of a header, also one that objects have by nature, and each only once', async () => {
    using remote = openHttp(service.endpoint);
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    await remote.http.request({ path: '/', headers });
    expect(Object.entries(service.requests[0]?.headers ?? {})).toEqual(
      expect.arrayContaining([
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ]),
    );
    expect(await rejection(remote.http.request({ path: '/', headers: { 'X-A': '1', 'x-a': '2' } }))).toMatchObject({
      details: { reason: 'bad_header' },
    });
  });

  it('sends several parts as browsers do', async () => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({
      method: 'POST',
      path: '/p',
      multipart: [
        { name: 'title', value: 'grüß\r\n--' },
        { name: 'tag', value: 'a' },
        { name: 'tag', value: 'b' },
        { name: 'f"1', value: new Uint8Array([0, 255, 13, 10]), filename: 'ü".bin' },
        { name: 'doc', value: '{}', filename: 'a.json', contentType: 'application/json' },
      ],
    });
    const { headers, body } = service.requests[0]!;
    const form = await new Response(Buffer.from(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData();
    expect([form.get('title'), form.getAll('tag')]).toEqual(['grüß\r\n--', ['a', 'b']]);
    const file = form.get('f"1') as File;
    expect([file.name, file.type]).toEqual(['ü".bin', 'application/octet-stream']);
    expect([...(await file.bytes())]).toEqual([0, 255, 13, 10]);
    expect(await (form.get('doc') as File).text()).toBe('{}');
  });

  it.each([
    [{ json: { a: [1] } }, 'application/json', '{"a":[1]}'],
    [{ form: { a: 'x y', b: [1, 2] } }, 'application/x-www-form-urlencoded', 'a=x+y&b=1&b=2'],
    [{ body: 'plain' }, 'text/plain; charset=utf-8', 'plain'],
    [{ body: new Uint8Array([104, 105]) }, 'application/octet-stream', 'hi'],
  ])('sends %j with its content type', async (body, type, text) => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({ method: 'POST', path: '/p', ...body });
    expect(service.requests[0]?.headers['content-type']).toBe(type);
    expect(service.requests[0]?.text()).toBe(text);
  });

  it('keeps a content type that the caller names', async () => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({
      method: 'PUT',
      path: '/p',
      json: {},
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    expect(service.requests[0]?.headers['content-type']).toBe('application/merge-patch+json');
  });

  it('hands on the trace of its call', async () => {
    using remote = openHttp(service.endpoint);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await remote.call({ traceparent, tracestate: 'a=b' }).http.request({ path: '/' });
    await remote.http.request({ path: '/' });
    expect(service.requests[0]?.headers).toMatchObject({ traceparent, tracestate: 'a=b' });
    expect(service.requests[1]?.headers).not.toHaveProperty('traceparent');
  });

  it('uses one connection again and again, and closes it with the connector', async () => {
    using remote = openHttp(service.endpoint);
    for (let count = 0; count < 5; count += 1) await remote.http.request({ path: '/' });
    expect(service.connections).toBe(1);
    remote.close();
    await until(() => service.connections === 0);
  });

  it('survives a remote system that closed the kept connection', async () => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path: '/' });
    service.dropConnections();
    await expect(remote.http.request({ path: '/' })).resolves.toMatchObject({ status: 200 });
  });
});

describe('an answer', () => {
  it('has status, headers in lower case, and a body as bytes, text and JSON', async () => {
    service.on('GET', '/a', {
      status: 201,
      headers: { 'X-Thing': 'yes', 'Set-Cookie': ['a=1', 'b=2'] },
      json: { n: 'ü' },
    });
    using remote = openHttp(service.endpoint);
    const answer = await remote.http.request({ path: '/a' });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ 'x-thing': 'yes', 'set-cookie': 'a=1, b=2' });
    expect(answer.json()).toEqual({ n: 'ü' });
    expect(answer.text()).toBe('{"n":"ü"}');
    expect(answer.body.byteLength).toBe(10);
  });

  it('keeps every value of a repeated header, whatever its name', async () => {
    service.on('GET', '/a', { headers: { 'set-cookie': ['a=1, x', 'b=2'], ['__proto__']: 'kept' } });
    using remote = openHttp(service.endpoint);
    const { headersDistinct } = await remote.http.request({ path: '/a' });
    expect(headersDistinct['set-cookie']).toEqual(['a=1, x', 'b=2']);
    expect(Object.entries(headersDistinct)).toContainEqual(['__proto__', ['kept']]);
  });

  it('may be any status that the request accepts', async () => {
    service.on('GET', '/gone', { status: 410, text: 'gone' });
    using remote = openHttp(service.endpoint);
    await expect(remote.http.request({ path: '/gone', accept: (status) => status === 410 })).resolves.toMatchObject({
      status: 410,
    });
  });

  it('is read also where it is compressed unasked', async () => {
    const { gzipSync } = await import('node:zlib');
    service.on('GET', '/z', { headers: { 'content-encoding': 'gzip' }, bytes: gzipSync('{"packed":true}') });
    using remote = openHttp(service.endpoint);
    expect(await remote.http.json({ path: '/z' })).toEqual({ packed: true });
  });

  it('has no body for HEAD', async () => {
    using remote = openHttp(service.endpoint);
    const answer = await remote.http.request({ method: 'HEAD', path: '/' });
    expect(answer.body.byteLength).toBe(0);
  });
});

describe('a path that may come from a caller', () => {
  it.each([
    ['/../secret', 'outside_base_path'],
    ['/%2e%2e/secret', 'outside_base_path'],
    ['..\\secret', 'bad_url'],
    ['http://other.example/base/x', 'other_origin'],
    ['file:///etc/passwd', 'bad_scheme'],
  ])('is refused where it leaves the endpoint: %s', async (path, reason) => {
    using remote = openHttp({ ...service.endpoint, basePath: '/base' });
    expect(await rejection(remote.http.request({ path }))).toMatchObject({
      code: 'INVALID_INPUT',
      details: { reason },
    });
    expect(service.requests).toHaveLength(0);
  });

  it('may be a whole URL of the endpoint', async () => {
    using remote = openHttp({ ...service.endpoint, basePath: '/base' });
    await remote.http.request({ path: `${service.url}/base/next?page=2` });
    expect(service.requests[0]?.query.get('page')).toBe('2');
  });

  it('cannot name another host by looking like one', async () => {
    using remote = openHttp(service.endpoint);
    await remote.http.request({ path: '//evil.example/x' });
    await remote.http.request({ path: '@evil.example/x' });
    expect(service.requests.map(({ target }) => target)).toEqual(['//evil.example/x', '/@evil.example/x']);
  });

  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Connection'])('cannot set the header %s', async (name) => {
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.request({ path: '/', headers: { [name]: '5' } }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { reason: 'reserved_header' } });
  });

  it('cannot smuggle a header, and the error does not repeat its value', async () => {
    using remote = openHttp(service.endpoint);
    const error = await rejection(remote.http.request({ path: '/', headers: { 'x-a': 'hidden\r\nx-b: 1' } }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { reason: 'bad_header' } });
    expect(error.message).not.toContain('hidden');
  });
});

describe('a connector without a host', () => {
  it('has nothing to send a path to', async () => {
    using remote = openHttp({});
    expect(await rejection(remote.http.request({ path: '/x' }))).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { reason: 'no_endpoint' },
    });
  });

  it('may ask whole URLs, with its credentials only where the adapter says so', async () => {
    using remote = openHttp({ auth: { type: 'bearer', token: 'abc-token' } });
    await remote.http.request({ path: `${service.url}/x` });
    await remote.http.request({ path: `${service.url}/x`, authorize: true });
    expect(service.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, 'Bearer abc-token']);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
