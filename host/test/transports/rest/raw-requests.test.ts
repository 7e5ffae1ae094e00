import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRest } from './fixtures/open-rest.ts';

const PATH = '/api/v1/connectors';
const HOST = 'Host: localhost\r\n';

let rest: Awaited<ReturnType<typeof openRest>>;
beforeAll(async () => {
  rest = await openRest({ timeouts: { headersMs: 500, requestMs: 1000 } });
});
afterAll(() => rest[Symbol.asyncDispose]());

interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends texts, each once the one before has left, and gives back all that comes until the server closes. */
async function send(...texts: readonly string[]): Promise<RawAnswer> {
  const socket = connect(rest.server.port, '127.0.0.1').setNoDelay();
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const text of texts) {
    await new Promise((sent) => void socket.write(text, sent));
    await new Promise((turn) => void setTimeout(turn, 5));
  }
  await closed;
  const [head = '', ...body] = answer.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, body: body.join('\r\n\r\n') };
}

const OVERLONG = `X: ${'x'.repeat(65_536)}\r\n\r\n`;

describe('a request that never becomes one', () => {
  const faults: readonly (readonly [status: number, what: string, rest: readonly string[]])[] = [
    [400, 'a length that is none', [`${HOST}Content-Length: x\r\n\r\n`]],
    [400, 'no Host header', ['\r\n']],
    [431, 'headers that are too large', [HOST + OVERLONG]],
    [431, 'headers that are too large, in pieces', [HOST, ...(OVERLONG.match(/.{1,8000}/gs) ?? [])]],
    [408, 'headers that do not end', [HOST]],
  ];
  it.each(faults)('gets %i and a problem document, HEAD no body: %s', async (status, _what, tail) => {
    for (const method of ['GET', 'POST', 'PROPFIND']) {
      const answer = await send(`${method} ${PATH} HTTP/1.1\r\n`, ...tail);
      expect(answer.status).toBe(status);
      expect(answer.head).toContain('content-type: application/problem+json');
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'INVALID_INPUT', status });
    }
    for (const [first, ...others] of [[`HEAD ${PATH} HTTP/1.1\r\n`], ['HE', `AD ${PATH} HTTP/1.1\r\n`]]) {
      const { status: got, body } = await send(first ?? '', ...others, ...tail);
      expect({ got, body }).toEqual({ got: status, body: '' });
    }
  });

  it('is told from the one before it on the same connection', async () => {
    const first = `GET /health/live HTTP/1.1\r\n${HOST}\r\n`;
    expect((await send(first, `HEAD ${PATH} HTTP/1.1\r\n`)).body).toMatch(/HTTP\/1\.1 408 [^{]*$/);
    expect((await send(first.replace('GET', 'HEAD'), `GET ${PATH} HTTP/1.1\r\n`)).body).toMatch(/HTTP\/1\.1 408 .*\{/s);
  });

  it('does not take the place of the answer to the one before it', async () => {
    const body = '{"ms":100}';
    const call = `POST ${PATH}/echo/actions/wait HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { status, body: others } = await send(`${call}\u0016\u0003\u0001\r\n\r\n`);
    expect(status).toBe(200);
    expect(others).toMatch(/^\{"result":.*HTTP\/1\.1 400 /s);
  });

  it('is answered though its sender goes on and on', async () => {
    const answer = await send(
      `POST ${PATH} HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`,
      'y'.repeat(2 ** 20),
      'z'.repeat(2 ** 20),
    );
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400 });
  });

  it.each(['CONNECT evil.example:443', 'CONNECT localhost:80', 'PRI * HTTP/2.0', 'get /health/live'])(
    'is told what it is not: %s',
    async (line) => {
      const { status, body } = await send(`${line} HTTP/1.1\r\n${HOST}\r\n`);
      expect({ status, body: JSON.parse(body) }).toMatchObject({
        status: expect.any(Number),
        body: { code: expect.any(String) },
      });
    },
  );
});

describe('a method that is not for the path', () => {
  it.each(['PROPFIND', 'PURGE', 'M-SEARCH', 'TRACE', 'OPTIONS', 'QUERY', 'PATCH', 'BREW', 'get'])(
    '%s gets 405 and what the path takes, or 404 where there is none',
    async (method) => {
      for (const [path, allow] of [
        [PATH, 'GET, HEAD, POST'],
        [`${PATH}/echo?live=true`, 'DELETE, GET, HEAD, PUT'],
        [`${PATH}/health`, 'DELETE, GET, HEAD, PUT'],
        [`${PATH}/a%2Fb/actions/x`, 'POST'],
        [`http://localhost/health/live`, 'GET, HEAD'],
        ['/openapi.json', 'GET, HEAD'],
        ['/', 'GET, HEAD'],
      ]) {
        const { status, head, body } = await send(`${method} ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
        expect({ path, status, allow: /^allow: (.*)$/im.exec(head)?.[1]?.trim() }).toEqual({
          path,
          status: 405,
          allow,
        });
        expect(JSON.parse(body)).toMatchObject({ status: 405, details: { reason: 'method_not_allowed' } });
      }
      for (const path of ['/nope', `${PATH}/`, `${PATH}/a/b/c`]) {
        const { status, body } = await send(`${method} ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
        expect({ path, status }).toEqual({ path, status: 404 });
        expect(JSON.parse(body)).toMatchObject({ status: 404, details: { reason: 'unknown_route' } });
      }
    },
  );
});

describe('the header Expect', () => {
  const call = (expectation: string): string =>
    `POST ${PATH}/echo/actions/echo HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 7\r\nExpect: ${expectation}\r\nConnection: close\r\n\r\n`;

  it.each(['x', '200-ok', '100-continuation, x'])('with %s gets 417 and a problem document', async (expectation) => {
    const before = rest.service.calls.length;
    const { status, head, body } = await send(call(expectation), '{"a":1}');
    expect(status).toBe(417);
    expect(head).toContain('x-content-type-options: nosniff');
    expect(JSON.parse(body)).toMatchObject({
      status: 417,
      code: 'INVALID_INPUT',
      problems: [{ path: 'header Expect' }],
    });
    expect(rest.service.calls.length).toBe(before);
  });

  it('that is refused ends the connection with one answer, whatever follows', async () => {
    const { status, body } = await send(`GET ${PATH} HTTP/1.1\r\n${HOST}Expect: x\r\n\r\n[]`);
    expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 417, body: { status: 417 } });
  });

  it.each(['100-continue', '100-Continue'])('with %s is told to continue', async (expectation) => {
    const { status, body } = await send(call(expectation), '{"a":1}');
    expect(status).toBe(100);
    expect(body).toMatch(/^HTTP\/1\.1 200 .*"a":1/s);
  });
});
