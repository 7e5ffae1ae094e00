import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCertificateAuthority, FakeService } from '@automate/testing';
import { request } from 'node:https';

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});

afterEach(() => service.close());

describe('a fake service', () => {
  it('answers what no route fits with 404 and says what was asked', async () => {
    const response = await fetch(`${service.url}/nowhere?x=1`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'no route for GET /nowhere' });
  });

  it('remembers what it was asked', async () => {
    await fetch(`${service.url}/a/b?x=1&x=2`, { method: 'POST', headers: { 'X-Thing': 'yes' }, body: '{"n":1}' });
    const [asked] = service.requests;
    expect(asked).toMatchObject({ method: 'POST', path: '/a/b', headers: { 'x-thing': 'yes' } });
    expect(asked?.query.getAll('x')).toEqual(['1', '2']);
    expect(asked?.json()).toEqual({ n: 1 });
    service.clearRequests();
    expect(service.requests).toHaveLength(0);
  });

  it('answers with JSON, text or bytes, any status and headers', async () => {
    service.on('GET', '/json', { status: 201, json: { a: 1 }, headers: { 'X-Thing': 'yes' } });
    service.on('GET', '/text', { text: 'hello' });
    service.on('GET', '/bytes', { bytes: new Uint8Array([1, 2]), headers: { 'content-type': 'application/x-two' } });
    const [json, text, bytes] = await Promise.all(
      ['/json', '/text', '/bytes'].map((path) => fetch(service.url + path)),
    );
    expect([json?.status, json?.headers.get('x-thing'), await json?.json()]).toEqual([201, 'yes', { a: 1 }]);
    expect([text?.headers.get('content-type'), await text?.text()]).toEqual(['text/plain; charset=utf-8', 'hello']);
    expect([bytes?.headers.get('content-type'), (await bytes?.arrayBuffer())?.byteLength]).toEqual([
      'application/x-two',
      2,
    ]);
  });

  it('answers one reply after the other, and stays with the last', async () => {
    service.on('GET', '/', [{ status: 429 }, { status: 503 }, { status: 200 }]);
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await fetch(service.url)).status);
    expect(statuses).toEqual([429, 503, 200, 200]);
  });

  it('lets a handler answer, a later route go first, and patterns match', async () => {
    service.on('*', /^\/items\/\d+$/, ({ path, method }) => ({ json: [method, path] }));
    service.on('GET', '/items/7', { json: 'seven' });
    expect(await (await fetch(`${service.url}/items/7`)).json()).toBe('seven');
    expect(await (await fetch(`${service.url}/items/7`, { method: 'PUT' })).json()).toEqual(['PUT', '/items/7']);
    expect((await fetch(`${service.url}/items/x`)).status).toBe(404);
  });

  it('waits before it answers', async () => {
    service.on('GET', '/', { delayMs: 60 });
    const start = performance.now();
    await fetch(service.url);
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  it('drops the connection: before the answer, or in the middle of it', async () => {
    service.on('GET', '/request', { drop: 'request' });
    service.on('GET', '/body', { drop: 'body', text: 'x'.repeat(1000) });
    await expect(fetch(`${service.url}/request`)).rejects.toThrow('fetch failed');
    const half = await fetch(`${service.url}/body`);
    expect(half.status).toBe(200);
    await expect(half.text()).rejects.toThrow();
  });

  it('leaves a request hanging, and lets go of it when it closes', async () => {
    service.on('GET', '/', { drop: 'never' });
    const hanging = fetch(service.url).catch(() => 'let go');
    while (service.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await service.close();
    await service.close();
    expect(await hanging).toBe('let go');
  });

  it('says when the script itself fails', async () => {
    service.on('GET', '/', () => {
      throw new Error('a typo');
    });
    const response = await fetch(service.url);
    expect([response.status, await response.text()]).toEqual([500, "the fake service's script failed: Error: a typo"]);
    expect(() => service.on('GET', '/', [])).toThrow('the route GET / has no reply');
  });

  it('serves over TLS', async () => {
    const authority = createCertificateAuthority();
    await using secure = await FakeService.start({ tls: authority.issue() });
    secure.on('GET', '/', { text: 'safe' });
    expect(secure.endpoint.scheme).toBe('https');
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    request(secure.url, { ca: authority.cert, agent: false }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
    expect(await promise).toBe(200);
  });
});
