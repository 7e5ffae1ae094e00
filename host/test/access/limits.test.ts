import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { connect as connectTo } from '@automate/client';
import { askGrpc, askRest } from './fixtures/ask-doors.ts';
import { ServedHost } from './fixtures/served-host.ts';

const LIST = 'GET /api/v1/connectors';
const METHOD = { path: '/connectors.ConnectorsService/ListConnectors', kind: 'unary' };

describe('access.limits', () => {
  it('holds each caller to so many requests per second, at both doors together, and changes with the file', async () => {
    await using served = await ServedHost.open({ yaml: 'access:\n  limits: { requests_per_second: 2 }\n' });
    const { httpAddress = '', grpcAddress = '' } = served.host;
    const authorization = `Bearer ${await served.token('read')}`;
    const { token } = await served.service.createToken({ name: 'other', scopes: ['read'] });
    const ended = [
      await askRest(httpAddress, LIST, { authorization }),
      await askGrpc(grpcAddress, METHOD, { authorization }),
      await askRest(httpAddress, LIST, { authorization }),
      await askGrpc(grpcAddress, METHOD, { authorization }),
    ];
    const refused = ended.filter(({ error }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    for (const { error } of refused) {
      expect(error).toMatchObject({
        code: 'RATE_LIMITED',
        blame: 'caller',
        effect: 'none',
        details: { reason: 'caller_limit' },
        message: expect.stringMatching(
          /^"ci" asks for more than .* 2 requests per second \(access\.limits\.requests_per_second\)/,
        ),
      });
      expect(error?.retryAfterMs).toBeGreaterThan(0);
      expect(error?.retryAfterMs).toBeLessThanOrEqual(500);
    }
    // Another caller, and programs of this user, have what they had.
    expect((await askRest(httpAddress, LIST, { authorization: `Bearer ${token}` })).status).toBe(200);
    for (let count = 0; count < 5; count += 1)
      expect((await askGrpc(`unix:${served.host.socketPath}`, METHOD, {})).status).toBe(0);
    served.writeConfig('access: {}\n');
    await served.host.reload();
    for (let count = 0; count < 5; count += 1)
      expect((await askRest(httpAddress, LIST, { authorization })).status).toBe(200);
  });

  it('holds each caller to so many calls at the same time', async () => {
    await using served = await ServedHost.open({ yaml: 'access:\n  limits: { calls_in_flight: 2 }\n' });
    const { grpcAddress = '', httpAddress = '' } = served.host;
    const authorization = `Bearer ${await served.token('read')}`;
    const other = await served.service.createToken({ name: 'other', scopes: ['read'] });
    // A stream is under way as long as it is open.
    const streams = [];
    for (let count = 0; count < 2; count += 1) {
      const service = await connectTo({ address: grpcAddress, token: authorization.slice(7), env: {} });
      const events = service.watch()[Symbol.asyncIterator]();
      await events.next();
      streams.push({ service, events });
    }
    for (const { error } of [
      await askGrpc(grpcAddress, METHOD, { authorization }),
      await askRest(httpAddress, LIST, { authorization }),
    ])
      expect(error).toMatchObject({
        code: 'RATE_LIMITED',
        blame: 'caller',
        details: { reason: 'caller_limit' },
        message: expect.stringContaining('2 calls at the same time (access.limits.calls_in_flight)'),
      });
    expect((await askRest(httpAddress, LIST, { authorization: `Bearer ${other.token}` })).status).toBe(200);
    await streams[0]?.service.close();
    // None is left counted, of those that were answered or refused neither.
    const again = async (): Promise<number> => (await askRest(httpAddress, LIST, { authorization })).status;
    const deadline = Date.now() + 20_000;
    while ((await again()) !== 200 && Date.now() < deadline);
    for (let count = 0; count < 5; count += 1) expect(await again()).toBe(200);
    await streams[1]?.service.close();
  });

  it('holds each address to so many connections', async () => {
    await using served = await ServedHost.open({ yaml: 'access:\n  limits: { connections_per_address: 1 }\n' });
    const port = Number(new URL(served.host.httpAddress ?? '').port);
    const first = connect(port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(second, 'close');
    first.destroy();
  });

  it('cuts off a request that takes too long to arrive', async () => {
    await using served = await ServedHost.open({ yaml: 'access:\n  limits: { header_timeout: 300ms }\n' });
    const socket = connect(Number(new URL(served.host.httpAddress ?? '').port), '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });
});
