import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRest } from './fixtures/open-rest.ts';

type Rest = Awaited<ReturnType<typeof openRest>>;
let rest: Rest;
beforeAll(async () => {
  rest = await openRest({ timeouts: { headersMs: 1500, requestMs: 3000 } });
});
afterAll(() => rest[Symbol.asyncDispose]());

/** Sends raw text and gives back everything that comes until the server closes. */
async function sendRaw(text: string): Promise<string> {
  const socket = connect(rest.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe('a Host header', () => {
  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8080'])(
    '%s is of this machine',
    async (host) => {
      expect((await rest.call('GET /health/live', { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil',
    '127.0.0.2',
    '0.0.0.0',
    'localhost:x',
    '[::2]',
  ])('%j is refused on every route, before anything else', async (host) => {
    const before = rest.service.calls.length;
    for (const line of [
      'GET /api/v1/connectors',
      'POST /api/v1/plugins/rescan',
      'GET /openapi.json',
      'GET /metrics',
      'GET /nope',
      'GET /health/live',
    ]) {
      const { status, json: body } = await rest.call(line, { headers: { host } });
      expect([status, body['code']]).toEqual([403, 'INVALID_INPUT']);
      expect(body).toMatchObject({ details: { reason: 'host_not_allowed' }, problems: [{ path: 'header Host' }] });
    }
    expect(rest.service.calls.length).toBe(before);
  });

  it('may not be missing', async () => {
    expect(statusOf(await sendRaw('GET /health/live HTTP/1.1\r\nHost:\r\n\r\n'))).toBe(403);
    expect(statusOf(await sendRaw('GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400);
    expect(statusOf(await sendRaw('GET /health/live HTTP/1.0\r\n\r\n'))).toBe(403);
  });
});

describe('a page of another origin', () => {
  it.each(['https://evil.example', 'http://localhost:3000', 'null', 'http://127.0.0.1'])(
    '%s can change nothing',
    async (origin) => {
      const before = rest.service.calls.length;
      for (const line of [
        'POST /api/v1/connectors/echo/actions/count',
        'PUT /api/v1/connectors/echo',
        'DELETE /api/v1/connectors/echo',
        'OPTIONS /api/v1/connectors',
      ]) {
        const { status, headers, json: body } = await rest.call(line, { headers: { origin } });
        expect([status, body['details']]).toEqual([403, { reason: 'origin_not_allowed' }]);
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
      expect(rest.service.calls.length).toBe(before);
    },
  );

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    { origin: 'https://evil.example' },
  ])('has no connector ask its remote system by a GET: %j', async (headers) => {
    const before = rest.service.calls.length;
    for (const path of ['health?live=true', 'echo/health', 'echo', 'echo/actions']) {
      const { status, json: body } = await rest.call(`GET /api/v1/connectors/${path}`, { headers });
      expect([status, body['code'], body['details']]).toEqual([403, 'INVALID_INPUT', { reason: 'origin_not_allowed' }]);
    }
    expect(rest.service.calls.length).toBe(before);
  });

  it.each(['none', 'same-origin'])('is not what a browser calls %s', async (site) => {
    const headers = { 'sec-fetch-site': site };
    expect((await rest.call('GET /api/v1/connectors/health?live=true', { headers })).status).toBe(200);
  });

  it('can read nothing, for lack of any CORS header', async () => {
    const { headers } = await rest.call('GET /openapi.json', { headers: { origin: 'https://evil.example' } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
  });

  it('is not what a page of the service itself is', async () => {
    const host = `127.0.0.1:${rest.server.port}`;
    const { status } = await rest.call('POST /api/v1/connectors/echo/actions/echo', {
      headers: { host, origin: `http://${host}` },
    });
    expect(status).toBe(200);
  });
});

describe('a target', () => {
  const get = (target: string, more = '') =>
    sendRaw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${more}Connection: close\r\n\r\n`);

  it('written out in full is answered where it is this service', async () => {
    expect(await get(`http://localhost:${rest.server.port}/api/v1/connectors?type=custom`)).toMatch(
      /^HTTP\/1\.1 200 .*"count"/s,
    );
  });

  it.each(['http://evil.example/health/live', 'https://localhost/health/live', 'evil.example:443'])(
    '%s of another service is refused',
    async (target) => expect(statusOf(await get(target))).toBe(400),
  );

  it('with two Host headers is refused', async () => {
    expect(statusOf(await get('/health/live', 'hOST: evil.example\r\n'))).toBe(400);
  });
});

describe('what is no proper HTTP', () => {
  const host = 'Host: localhost\r\n';
  it.each([
    [
      'a length and chunks at once',
      `POST /api/v1/plugins/rescan HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `POST /api/v1/plugins/rescan HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`,
      400,
    ],
    ['a length that is none', `POST /api/v1/plugins/rescan HTTP/1.1\r\n${host}Content-Length: x\r\n\r\n`, 400],
    ['headers of 64 KB', `GET /health/live HTTP/1.1\r\n${host}X: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['a path of 64 KB', `GET /${'x'.repeat(65_536)} HTTP/1.1\r\n${host}\r\n`, 431],
    ['a header folded over two lines', `GET /health/live HTTP/1.1\r\n${host}X: a\r\n b\r\nY :1\r\n\r\n`, 400],
    ['noise', '\u0016\u0003\u0001\r\n\r\n', 400],
  ])('%s gets a problem document and the end of the connection', async (_what, text, status) => {
    const before = rest.service.calls.length;
    const answer = await sendRaw(text);
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain('application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: 'INVALID_INPUT', status });
    expect(rest.service.calls.length).toBe(before);
  });
});

describe('clients that send a byte now and then', () => {
  it('hold nobody up and are cut off', async () => {
    const sockets: Socket[] = [];
    const answers: string[] = [];
    const open = Array.from({ length: 300 }, async (_, index) => {
      const socket = connect(rest.server.port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
      // Half of them never finish their headers, half never their bodies.
      socket.write(
        index % 2 === 0
          ? 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: '
          : 'POST /api/v1/connectors/echo/actions/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
      );
      await once(socket, 'close');
    });
    const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), 200);
    let good = 0;
    const closed = Promise.all(open);
    const poll = setInterval(
      () => void rest.call('GET /health/live').then(({ status }) => (good += status === 200 ? 1 : 0)),
      100,
    );
    await closed;
    clearInterval(drip);
    clearInterval(poll);
    expect(good).toBeGreaterThan(5);
    expect(answers.filter((answer) => statusOf(answer) === 408).length).toBeGreaterThan(200);
    expect((await rest.call('GET /health/live')).status).toBe(200);
  });
});
