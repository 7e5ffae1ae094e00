import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorInternalError, ERROR_CODES, HTTP_STATUS, MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { ErrorCode } from '@automate/contract';
import { fromProblemDocument, PROBLEM_MEDIA_TYPE } from '@automate/contract/http';
import { json, openRest } from './fixtures/open-rest.ts';

type Rest = Awaited<ReturnType<typeof openRest>>;
const logged: [object, string][] = [];
let rest: Rest;
beforeAll(async () => {
  rest = await openRest({ logger: { error: (...record) => void logged.push(record), warn: () => undefined } });
});
afterAll(() => rest[Symbol.asyncDispose]());

describe('an error of an action', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s comes out with its status and all it says', async (code) => {
    const blame = ERROR_CODES[code].blame === 'remote' ? 'operator' : 'remote';
    const details = { reason: 'because', n: 1 };
    const problems = [{ path: 'a.b', expected: 'x', received: 'y' }];
    const {
      status,
      headers,
      json: body,
    } = await rest.call(
      'POST /api/v1/connectors/echo/actions/fail',
      json({
        code,
        message: 'it failed',
        retryAfterMs: 1200,
        details,
        problems,
        effect: 'none',
        retryable: true,
        blame,
      }),
    );
    expect(status).toBe(HTTP_STATUS[code]);
    expect(headers['content-type']).toBe(PROBLEM_MEDIA_TYPE);
    expect(headers['retry-after']).toBe('2');
    expect(fromProblemDocument(body, status).toEnvelope()).toEqual({
      code,
      name: expect.any(String),
      message: 'it failed',
      retryable: true,
      effect: 'none',
      blame,
      retryAfterMs: 1200,
      details,
      problems,
      connector: 'echo',
    });
  });

  it('never blames the caller with 401 or 403 for what the connector lacks', async () => {
    for (const code of ['AUTH_FAILED', 'FORBIDDEN']) {
      const { status } = await rest.call('POST /api/v1/connectors/echo/actions/fail', json({ code }));
      expect(status).toBe(502);
    }
  });
});

describe('a request to the wrong place', () => {
  it.each(['GET /api/v1', 'GET /api/v1/nope', 'POST /api/v2/connectors', 'PATCH /nope'])(
    '%s is an unknown route',
    async (line) => {
      const { status, headers, json: body } = await rest.call(line);
      expect([status, headers['content-type']]).toEqual([404, PROBLEM_MEDIA_TYPE]);
      expect(body).toMatchObject({
        code: 'NOT_FOUND',
        details: { reason: 'unknown_route' },
        detail: expect.stringContaining(line.split(' ')[1] ?? ''),
      });
    },
  );

  it.each([
    ['DELETE /api/v1/connectors', 'GET, HEAD, POST'],
    ['POST /api/v1/connectors/echo', 'DELETE, GET, HEAD, PUT'],
    ['PATCH /api/v1/connectors/echo', 'DELETE, GET, HEAD, PUT'],
    ['GET /api/v1/connectors/echo/actions/echo', 'POST'],
    ['GET /api/v1/plugins/rescan', 'POST'],
    ['OPTIONS /api/v1/connectors', 'GET, HEAD, POST'],
    ['POST /health/live', 'GET, HEAD'],
    ['PUT /metrics', 'GET, HEAD'],
    ['DELETE /openapi.json', 'GET, HEAD'],
  ])('%s gets 405 and Allow: %s', async (line, allow) => {
    const {
      status,
      headers,
      json: body,
    } = await rest.call(line, { body: 'x', headers: { 'content-type': 'text/plain' } });
    expect([status, headers.allow, headers['content-type']]).toEqual([405, allow, PROBLEM_MEDIA_TYPE]);
    expect(body['code']).toBe('INVALID_INPUT');
  });

  it('tells an unknown connector from an unknown route', async () => {
    const { status, json: body } = await rest.call('GET /api/v1/connectors/ghost');
    expect([status, body['connector'], body['code']]).toEqual([404, 'ghost', 'NOT_FOUND']);
    expect(body['details']).toBeUndefined();
  });

  it.each(['GET /api/v1/connectors/', 'POST /api/v1/connectors//test'])(
    '%s names no connector, rather than all',
    async (line) => {
      const { status, json: body } = await rest.call(line);
      expect([status, body['detail']]).toEqual([400, 'the call names no connector']);
    },
  );

  it('takes ids and actions of any length', async () => {
    const { status, json: body } = await rest.call(`POST /api/v1/connectors/${'x'.repeat(3000)}/actions/y`);
    expect([status, body['code']]).toEqual([404, 'NOT_FOUND']);
  });

  it('says what is wrong with a path that cannot be decoded', async () => {
    const { status, json: body } = await rest.call('GET /api/v1/connectors/%ZZ');
    expect([status, body['code']]).toEqual([400, 'INVALID_INPUT']);
  });
});

describe('a body that is not acceptable', () => {
  const register = 'POST /api/v1/connectors';
  const execute = 'POST /api/v1/connectors/echo/actions/echo';

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/json; charset=latin1',
    'nonsense',
  ])('of type %s gets 415', async (type) => {
    for (const line of [register, execute]) {
      const { status, headers, json: body } = await rest.call(line, { body: '{}', headers: { 'content-type': type } });
      expect([status, headers.accept, body['code']]).toEqual([415, 'application/json', 'INVALID_INPUT']);
    }
  });

  it('without a type gets 415', async () => {
    expect((await rest.call(execute, { body: '{}', headers: { 'content-type': '' } })).status).toBe(415);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON',
  ])('of type %s is read', async (type) => {
    expect((await rest.call(execute, { body: '{"a":"ü"}', headers: { 'content-type': type } })).json['result']).toEqual(
      { a: 'ü' },
    );
  });

  it('compressed gets 415, whatever it holds', async () => {
    const { status } = await rest.call(execute, {
      body: Buffer.from([0x1f, 0x8b, 8, 0]),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(status).toBe(415);
  });

  it('in another encoding than UTF-8 gets 400 with the position', async () => {
    const body = Buffer.concat([Buffer.from('{\n"a": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    for (const line of [register, execute]) {
      const answer = await rest.call(line, { body });
      expect([answer.status, answer.json['problems']]).toMatchObject([
        400,
        [{ expected: 'UTF-8', line: 2, column: 7 }],
      ]);
    }
  });

  it.each([
    ['{"id": "a",\n "kind" "echo"}', 2, 9],
    ['{"id": "a"', 1, 11],
    ['{"id": "a"}}', 1, 12],
    ["{'id': 1}", 1, 2],
    ['{"id": 01}', 1, 9],
    ['{"id": "a\nb"}', 1, 10],
    ['', 1, 1],
  ])('malformed, %j, gets 400 with line %s and column %s', async (body, line, column) => {
    const answer = await rest.call(register, { body: body === '' ? ' ' : body });
    const at = body === '' ? { line: 1, column: 2 } : { line, column };
    expect([answer.status, answer.json['code'], answer.json['problems']]).toMatchObject([400, 'INVALID_INPUT', [at]]);
  });

  it('with a key twice gets 400 with its path and position', async () => {
    const { status, json: body } = await rest.call(register, {
      body: '{"id":"a","auth":{"token":"x",\n"\\u0074oken":"y"}}',
    });
    expect([status, body['problems']]).toMatchObject([
      400,
      [{ path: 'auth.token', expected: 'each key once', line: 2, column: 1 }],
    ]);
    expect(JSON.stringify(body)).not.toContain('"y"');
  });

  it.each([
    '{"id":"a","settings":{"__proto__":{"polluted":1}}}',
    '{"id":"a","__proto__":{}}',
    '{"id":"a","metadata":{"constructor":"x"}}',
  ])('with a dangerous key, %s, gets 400 and pollutes nothing', async (body) => {
    const answer = await rest.call(register, { body });
    expect([answer.status, answer.json['code']]).toEqual([400, 'INVALID_INPUT']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('too deep gets 400 for little work', async () => {
    const before = process.cpuUsage();
    for (const open of ['[', '{"a":']) {
      const answer = await rest.call(register, { body: `{"id":"a","settings":${open.repeat(100_000)}` });
      expect([answer.status, answer.json['problems']]).toMatchObject([
        400,
        [{ expected: 'at most 64 levels of nesting', line: 1 }],
      ]);
    }
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });

  it('too large gets 413 with a code and a limit, and the service goes on', async () => {
    const large = (bytes: number) => ({ body: `{"id":"${'x'.repeat(bytes)}"}` });
    for (const [line, limit] of [
      [execute, MAX_PAYLOAD_BYTES],
      [register, 1024 * 1024],
    ] as const) {
      const { status, json: body } = await rest.call(line, large(limit));
      expect([status, body['code'], body['details'], body['detail']]).toEqual([
        413,
        'INVALID_INPUT',
        { reason: 'payload_too_large' },
        expect.stringContaining(String(limit)),
      ]);
    }
    expect((await rest.call(execute, large(MAX_PAYLOAD_BYTES - 9))).status).toBe(200);
  });

  it.each([6, 12])(
    'too large comes to its answer though the client sends all of its %d MB first',
    async (megabytes) => {
      const body = Buffer.alloc(megabytes * 1024 * 1024, 'x');
      const path = '/api/v1/connectors/echo/actions/echo';
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.byteLength}\r\n\r\n`;
      const socket = connect(rest.server.port, '127.0.0.1').pause();
      await promisify((bytes: Buffer, done: (error?: Error | null) => void) => socket.write(bytes, done))(
        Buffer.concat([Buffer.from(head), body]),
      );
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).resume();
      await once(socket, 'close');
      expect(answer).toMatch(/^HTTP\/1\.1 413 .*"reason":"payload_too_large"/s);
    },
  );

  it('too large and sent in pieces gets 413 as well', async () => {
    const response = await fetch(`${rest.server.address}/api/v1/connectors/echo/actions/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
      body: new ReadableStream({
        start(stream) {
          for (let megabytes = 0; megabytes < 4; megabytes++) stream.enqueue(Buffer.alloc(1024 * 1024, 'x'));
          stream.close();
        },
      }),
    } as RequestInit);
    expect(response.status).toBe(413);
  });
});

describe('a fault of the service', () => {
  it('is 500 without a word of what happened, which the log has', async () => {
    const { service } = rest;
    const list = service.list.bind(service);
    service.list = async () => {
      throw new TypeError('secret inner state');
    };
    const { status, text, json: body } = await rest.call('GET /api/v1/connectors');
    service.list = list;
    expect([status, body['code']]).toEqual([500, 'INTERNAL_ERROR']);
    expect(text).not.toContain('secret');
    expect(logged).toContainEqual([
      expect.objectContaining({ err: expect.objectContaining({ message: 'secret inner state' }) }),
      'a REST request failed',
    ]);
  });

  it('that the service names is answered as it is', async () => {
    const { service } = rest;
    const plugins = service.plugins.bind(service);
    service.plugins = async () => {
      throw new ConnectorInternalError('the store is gone', { details: { reason: 'store' } });
    };
    const { status, json: body } = await rest.call('GET /api/v1/plugins');
    service.plugins = plugins;
    expect([status, body['detail'], body['details']]).toEqual([500, 'the store is gone', { reason: 'store' }]);
  });
});
