import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ERROR_CODES, HTTP_STATUS, MAX_PAYLOAD_BYTES, isAccessCode } from '@automate/contract';
import type { ErrorCode, JsonObject } from '@automate/contract';
import { fromProblemDocument } from '@automate/contract/http';
import { openRest } from './fixtures/open-rest.ts';

const CODES_OF_KINDS = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => !isAccessCode(code));

const API = '/api/v1/connectors';
const HOST = 'Host: localhost\r\n';

/** A whole request. */
const ask = (line: string, headers = '', body = ''): string =>
  `${line} HTTP/1.1\r\n${HOST}${headers}Connection: close\r\n\r\n${body}`;
const post = (path: string, body: string, headers = 'Content-Type: application/json\r\n'): string =>
  ask(`POST ${path}`, `${headers}Content-Length: ${Buffer.byteLength(body)}\r\n`, body);
const chunked = (body: string): string =>
  ask(`POST ${API}`, 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n', body);

/** Every way in which the server refuses a request, from the parser's own to the service's. */
const REQUESTS: readonly (readonly [status: number, what: string, request: string])[] = [
  [400, 'no HTTP', 'x\r\n\r\n'],
  [400, 'no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'],
  [400, 'two Hosts', ask('GET /health/live', HOST)],
  [400, 'the address of another', ask('GET http://elsewhere.example/health/live')],
  [400, 'a header without a name', ask('GET /health/live', ': x\r\n')],
  [400, 'a header of other bytes', ask('GET /health/live', 'X: a\u0000b\r\n')],
  [400, 'two lengths', ask(`POST ${API}`, 'Content-Length: 2\r\nContent-Length: 3\r\n', '{}')],
  [400, 'a length and none', ask(`POST ${API}`, 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '{}')],
  [400, 'another coding', ask(`POST ${API}`, 'Content-Type: application/json\r\nTransfer-Encoding: gzip\r\n', '{}')],
  [400, 'a chunk of no size', chunked('z\r\n{}\r\n0\r\n\r\n')],
  [400, 'a path that cannot be decoded', ask(`GET ${API}/%ZZ`)],
  [400, 'a parameter that is not known', ask(`GET ${API}?colour=red`)],
  [400, 'a time that is none', ask(`GET ${API}`, 'Prefer: wait=soon\r\n')],
  [400, 'no JSON', post(API, '{')],
  [400, 'no UTF-8', post(API, '{"id":"\u00ff"}').replace(/Content-Length: \d+/, 'Content-Length: 10')],
  [403, 'the Host of another', 'GET /health/live HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n'],
  [403, "another's page", ask(`GET ${API}`, 'Origin: http://elsewhere.example\r\n')],
  [404, 'no route', ask('GET /nowhere')],
  [404, 'no connector', ask(`GET ${API}/nobody`)],
  [405, 'another method', ask('PUT /health/live')],
  [405, 'a method of others', ask('PROPFIND /health/live')],
  [408, 'no end of the headers', `GET ${API} HTTP/1.1\r\n${HOST}`],
  [408, 'no end of the body', ask(`POST ${API}`, 'Content-Type: application/json\r\nContent-Length: 9\r\n', '{')],
  [409, 'an id that is taken', post(API, '{"id":"echo"}')],
  [413, 'a large body', post(API, `"${'x'.repeat(MAX_PAYLOAD_BYTES)}"`)],
  [413, 'chunks with much beside them', chunked(`2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`)],
  [415, 'another type', post(API, '{}', 'Content-Type: text/plain\r\n')],
  [415, 'a body that is compressed', post(API, '{}', 'Content-Type: application/json\r\nContent-Encoding: br\r\n')],
  [417, 'an expectation', ask(`GET ${API}`, 'Expect: more\r\n')],
  [431, 'large headers', ask(`GET ${API}`, `X: ${'x'.repeat(70_000)}\r\n`)],
  [431, 'a long path', ask(`GET ${API}/${'x'.repeat(70_000)}`)],
  [505, 'another version', `GET /health/live HTTP/2.0\r\n${HOST}\r\n`],
  ...CODES_OF_KINDS.map(
    (code) =>
      [
        HTTP_STATUS[code],
        code,
        post(`${API}/echo/actions/fail`, JSON.stringify({ code, message: 'it failed' })),
      ] as const,
  ),
];

let rest: Awaited<ReturnType<typeof openRest>>;
beforeAll(async () => {
  rest = await openRest({ timeouts: { headersMs: 500, requestMs: 1000 } });
});
afterAll(() => rest[Symbol.asyncDispose]());

async function send(request: string) {
  const socket = connect(rest.server.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(request, 'latin1');
  await closed;
  const [head = '', ...body] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ', 2) as [string, string]));
  return { first, headers, body: body.join('\r\n\r\n') };
}

it.each(REQUESTS)(
  '%i is answered by a problem document, and to HEAD without one: %s',
  async (status, _what, request) => {
    const { first, headers, body } = await send(request);
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} \\w+`));
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      date: expect.stringContaining('gmt'),
    });
    const document = JSON.parse(body) as JsonObject;
    expect(document).toMatchObject({
      type: expect.stringMatching(/^urn:automate:error:[a-z0-9-]+$/),
      title: expect.stringMatching(/\w/),
      status,
      detail: expect.stringMatching(/\w/),
    });
    // All that the error of a service has.
    expect(fromProblemDocument(document, status).toEnvelope()).toMatchObject({
      code: document['code'],
      name: document['name'],
      message: document['detail'],
      retryable: document['retryable'],
      effect: document['effect'],
      blame: document['blame'],
    });
    if (!request.startsWith('GET ')) return;
    const { first: same, body: none } = await send(request.replace('GET ', 'HEAD '));
    expect({ same, none }).toEqual({ same: first, none: '' });
  },
);
