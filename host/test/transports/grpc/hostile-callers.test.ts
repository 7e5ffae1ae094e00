import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectorError } from '@automate/contract';
import { errorFromStatus } from '@automate/contract/grpc';
import { create } from '@bufbuild/protobuf';
import type { ServiceError } from '@grpc/grpc-js';
import { bottomlessRegistration } from '../../../../packages/contract/test/fixtures/bottomless-registration.ts';
import { endOf, errorOf, frame, openStream, randomBytes } from './fixtures/http2-stream.ts';
import { callRaw, METHODS, openGrpc } from './fixtures/open-grpc.ts';
import type { OpenGrpc } from './fixtures/open-grpc.ts';

/** What no other try could mend, and nothing was done for. */
const REFUSED = { code: 'INVALID_INPUT', retryable: false, effect: 'none', blame: 'caller' };

describe('a caller that sends what it should not', () => {
  let grpc: OpenGrpc;

  beforeAll(async () => {
    grpc = await openGrpc();
  });
  afterAll(async () => {
    await grpc[Symbol.asyncDispose]();
  });

  /** Whatever it was, everyone else is served as before, and nothing is logged as a failure of ours. */
  const expectServing = async (): Promise<void> => {
    await expect(grpc.client.execute({ id: 'echo', action: 'echo', payload: { a: 1 } })).resolves.toMatchObject({
      result: { a: 1 },
    });
    expect(grpc.log.filter(({ level }) => level === 'error')).toEqual([]);
  };

  /** One call by hand, on a connection of its own. */
  const send = async (bytes: Buffer, { path = METHODS.registerConnector.path, headers = {} } = {}): Promise<string> => {
    const session = connect(`http://${grpc.server.address}`);
    session.on('error', () => {});
    try {
      const stream = openStream(session, path, headers);
      const ended = endOf(stream);
      stream.end(bytes);
      return await ended;
    } finally {
      session.destroy();
    }
  };

  /** The error that such a call fails with, as our client would have it. */
  const failureOf = async (bytes: Buffer, { headers = {} } = {}): Promise<ConnectorError | undefined> => {
    const session = connect(`http://${grpc.server.address}`);
    session.on('error', () => {});
    try {
      const stream = openStream(session, METHODS.registerConnector.path, headers);
      const ended = errorOf(stream);
      stream.end(bytes);
      return await ended;
    } finally {
      session.destroy();
    }
  };

  it.each([
    'getConnector',
    'removeConnector',
    'healthCheck',
    'describeConnector',
    'testConnector',
    'executeAction',
  ] as const)('an empty id to %s is INVALID_ARGUMENT', async (name) => {
    const call = callRaw(grpc.raw, METHODS[name] as typeof METHODS.getConnector);
    await expect(call).rejects.toMatchObject({ code: 3, details: 'the call names no connector' });
  });

  it('a registration without configuration, or without id, is INVALID_ARGUMENT', async () => {
    const register = (request: object) => callRaw(grpc.raw, METHODS.registerConnector, { request });
    await expect(register({})).rejects.toMatchObject({ code: 3, details: expect.stringContaining('configuration') });
    await expect(register({ config: { kind: 'echo' } })).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('id: expected'),
    });
  });

  it('a call of no action is INVALID_ARGUMENT', async () => {
    const call = callRaw(grpc.raw, METHODS.executeAction, { request: { id: 'echo' } });
    await expect(call).rejects.toMatchObject({ code: 3, details: expect.stringContaining('action') });
  });

  it('an unknown enum number in a filter is INVALID_ARGUMENT', async () => {
    const call = callRaw(grpc.raw, METHODS.listConnectors, { request: { type: 42 as never } });
    await expect(call).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('type: expected one of observability'),
    });
    await expect(callRaw(grpc.raw, METHODS.healthCheckAll, { request: { type: -1 as never } })).rejects.toMatchObject({
      code: 3,
    });
  });

  it('an unknown enum number in a configuration is told together with every other problem', async () => {
    const config = { id: 'x', type: 42 as never, mode: 9 as never, port: -3, limits: { timeoutMs: 2n ** 62n } };
    const call = callRaw(grpc.raw, METHODS.registerConnector, { request: { config } });
    const failure = await call.catch((reason: unknown) =>
      errorFromStatus(reason as ServiceError, { address: '', method: '' }),
    );
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' });
    const paths = (failure as ConnectorError).problems?.map(({ path }) => path);
    expect(paths?.toSorted()).toEqual(['limits.timeout', 'mode', 'port', 'type']);
  });

  it('settings as deep as any configuration may be come back; deeper ones are refused like anything else', async () => {
    const nested = (depth: number) =>
      JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as Record<string, never>;
    await grpc.client.register({ id: 'deep', kind: 'echo', settings: nested(28) });
    await expect(grpc.client.get('deep')).resolves.toMatchObject({ config: { settings: nested(28) } });
    await grpc.client.remove('deep');
    const config = { id: 'deeper', kind: 'echo', settings: nested(64) };
    await expect(callRaw(grpc.raw, METHODS.registerConnector, { request: { config } })).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('levels of nesting'),
    });
  });

  it.each([500, 15_000])('settings %i levels deep are refused', async (depth) => {
    expect(await send(frame(bottomlessRegistration(depth)))).toMatch(/^status (3|8)$/);
    await expectServing();
  });

  it('a payload that is no UTF-8 is INVALID_ARGUMENT', async () => {
    const request = { id: 'echo', action: 'echo', payload: Buffer.from([0x22, 0xff, 0xfe, 0x22]) };
    await expect(callRaw(grpc.raw, METHODS.executeAction, { request })).rejects.toMatchObject({
      code: 3,
      details: 'the payload is not UTF-8',
    });
  });

  it('a payload above 3 MiB is INVALID_ARGUMENT with details, and so is a message above 16 MiB, which is not read', async () => {
    const call = (size: number) =>
      callRaw(grpc.raw, METHODS.executeAction, {
        request: { id: 'echo', action: 'echo', payload: Buffer.alloc(size, 0x20) },
      });
    await expect(call(3 * 1024 * 1024 + 1)).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('3145729 bytes'),
    });
    const failure = await call(12 * 1024 * 1024).catch((reason: unknown) =>
      errorFromStatus(reason as ServiceError, { address: '', method: '' }),
    );
    expect(failure).toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
      details: { reason: 'payload_too_large' },
    });
    await expect(call(17 * 1024 * 1024)).rejects.toMatchObject({ code: 3 });
    await expectServing();
  });

  it('bytes that are no message are INVALID_ARGUMENT', async () => {
    const call = callRaw(grpc.raw, METHODS.executeAction, { bytes: Buffer.from('\xff\xff\xff not a message') });
    await expect(call).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('connectors.ExecuteActionRequest'),
    });
  });

  it.each([
    ['a message that claims 1 GiB', () => frame(Buffer.alloc(10), { length: 2 ** 30 })],
    ['half a message', () => frame(Buffer.alloc(10), { length: 20 })],
    ['a message that is not gzip and says so', () => frame(Buffer.from('rubbish'), { compressed: true })],
    ['a gzip bomb', () => frame(gzipSync(Buffer.alloc(64 * 1024 * 1024)), { compressed: true })],
    ['nothing at all', () => Buffer.alloc(0)],
    ['half a head', () => Buffer.from([0, 0])],
    ['two messages', () => Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))])],
  ])('%s is INVALID_ARGUMENT, with the details of our errors', async (_, bytes) => {
    expect(await failureOf(bytes(), { headers: { 'grpc-encoding': 'gzip' } })).toMatchObject(REFUSED);
    await expectServing();
  });

  it.each(['soon', 'x', '', '1', '1x', '-1S', '1.5S', '123456789S', '١S', '1S 2S'])(
    'the deadline "%s" is INVALID_ARGUMENT, with the place where it stands',
    async (timeout) => {
      const headers = { 'grpc-timeout': timeout };
      const problems = [{ path: 'timeout_ms' }];
      expect(await failureOf(frame(Buffer.alloc(0)), { headers })).toMatchObject({ ...REFUSED, problems });
      await expectServing();
    },
  );

  it('frames of any bytes are refused with details, or left without an answer', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const bytes = randomBytes(seed);
      expect([seed, bytes.toString('hex'), await failureOf(bytes)]).toEqual([
        seed,
        bytes.toString('hex'),
        expect.objectContaining(REFUSED),
      ]);
    }
    await expectServing();
  });

  it('200 KB of metadata are refused', async () => {
    const headers = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`x-${index}`, 'y'.repeat(8000)]));
    const message = METHODS.listConnectors.requestSerialize(create(METHODS.listConnectors.input));
    expect(await send(frame(message), { path: METHODS.listConnectors.path, headers })).not.toBe('status 0');
    await expectServing();
  });

  it('10 000 calls at once on one connection are all answered', async () => {
    const session = connect(`http://${grpc.server.address}`);
    session.on('error', () => {});
    const message = frame(Buffer.from(METHODS.listConnectors.requestSerialize(create(METHODS.listConnectors.input))));
    const ends = Array.from({ length: 10_000 }, () => {
      const stream = openStream(session, METHODS.listConnectors.path);
      stream.end(message);
      return endOf(stream);
    });
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['status 0']));
    session.destroy();
    await expectServing();
  });

  it.each([
    ['an unknown method', { path: '/connectors.ConnectorsService/Explode' }, 'status 12'],
    ['an unknown service', { path: '/other.Service/List' }, 'status 12'],
    ['an odd deadline', { headers: { 'grpc-timeout': 'soon' } }, 'status 3'],
    ['another content type', { headers: { 'content-type': 'text/html' } }, 'http 415'],
    ['wishes for its errors', { headers: { 'connectors-details-limit': '-1e99' } }, 'status 3'],
  ])('%s is answered in gRPC’s terms', async (_, call, end) => {
    expect(await send(frame(Buffer.alloc(0)), call)).toBe(end);
    await expectServing();
  });

  it('a browser, or anyone who speaks another protocol, is turned away', async () => {
    const closed = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(grpc.server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('error', () => resolve(true));
      socket.on('close', () => resolve(true));
      socket.resume();
    });
    expect(closed).toBe(true);
    await expectServing();
  });

  it('a message in an error that no header can carry arrives all the same', async () => {
    const call = grpc.client.execute({
      id: 'echo',
      action: 'fail',
      payload: { code: 'NOT_FOUND', message: 'ü\r\n\0 ☂' },
    });
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'ü\r\n\0 ☂' });
  });

  it('hundreds of problems arrive at our client, and as many as fit at others', async () => {
    const problems = Array.from({ length: 150 }, (_, index) => ({ path: `p${index}`, expected: 'a', received: 'b' }));
    const payload = { code: 'INVALID_INPUT', problems };
    await expect(grpc.client.execute({ id: 'echo', action: 'fail', payload })).rejects.toMatchObject({ problems });
    const request = { id: 'echo', action: 'fail', payload: Buffer.from(JSON.stringify(payload)) };
    await expect(callRaw(grpc.raw, METHODS.executeAction, { request })).rejects.toMatchObject({ code: 3 });
  });
});

describe('a service that fails in a way nobody foresaw', () => {
  it('is logged whole, and told in general words', async () => {
    await using grpc = await openGrpc();
    const failure = new TypeError('secret-detail is not a function');
    grpc.service.get = () => Promise.reject(failure);
    await expect(grpc.client.get('echo')).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.not.stringContaining('secret-detail'),
      details: { reason: 'unexpected' },
    });
    expect(grpc.log).toMatchObject([{ level: 'error', fields: { error: failure } }]);
  });
});
