import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect } from '@automate/client';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGrpcServer } from '../../../src/transports/grpc/server.ts';
import type { GrpcServer } from '../../../src/transports/grpc/server.ts';
import { MemoryService } from '../fixtures/memory-service.ts';
import { endOf, errorOf, frame, openStream } from './fixtures/http2-stream.ts';

const warned: string[] = [];
const logger = { debug: () => undefined, warn: (message: string) => void warned.push(message), error: () => undefined };
const service = new MemoryService([{ id: 'echo' }]);
const limits = { handshakeMs: 1_000 };
let server: GrpcServer;
beforeAll(async () => {
  server = await startGrpcServer({
    service,
    host: '127.0.0.1',
    port: 0,
    logger,
    limits,
  });
  server.setTimeouts({ handshakeMs: 1_000, requestMs: 1_500 });
});
afterAll(() => server.close({ drainMs: 100 }));

async function expectServing(): Promise<void> {
  await using client = await connect({ address: server.address, env: {} });
  expect(await client.list()).toHaveLength(1);
}

/** Opens connections that send so much and no more; resolves when the server has closed all of them. */
function halfOpen(count: number, sent: string): { readonly closed: Promise<unknown> } {
  const sockets = Array.from({ length: count }, () => {
    const socket = connectTcp(server.port, '127.0.0.1', () => (sent === '' ? undefined : socket.write(sent)));
    return once(socket.on('error', () => undefined).resume(), 'close');
  });
  return { closed: Promise.all(sockets) };
}

it.each([
  ['nothing', ''],
  ['the beginning of a beginning', 'PRI * HT'],
])('500 connections that say %s are closed, and others are served meanwhile', async (_what, sent) => {
  const { closed } = halfOpen(500, sent);
  await expectServing();
  await closed;
  await expectServing();
});

it('an address gets as many connections as it may have, and its number is told', async () => {
  const few = { perAddress: 20, handshakeMs: 60_000 };
  const small = await startGrpcServer({ service, host: '127.0.0.1', port: 0, logger, limits: few });
  const sockets = Array.from({ length: 21 }, () => connectTcp(small.port, '127.0.0.1').on('error', () => undefined));
  await Promise.race(sockets.map((socket) => once(socket.resume(), 'close')));
  expect(warned).toContainEqual(
    expect.stringMatching(/127\.0\.0\.1 has 20 connections to gRPC and gets no more \(access\.limits\)/),
  );
  for (const socket of sockets) socket.destroy();
  await small.close({ drainMs: 100 });
});

it('a request that comes by and by is refused with words, and one whose answer takes long is not', async () => {
  const session = connectHttp2(`http://${server.address}`);
  session.on('error', () => undefined);
  const slow = openStream(session, CONNECTORS_SERVICE.listConnectors.path);
  slow.write(Buffer.from([0, 0, 0, 0, 100]));
  const drip = setInterval(() => slow.writable && slow.write(Buffer.from([0])), 200);
  const failure = errorOf(slow);
  const request = Buffer.from(
    CONNECTORS_SERVICE.executeAction.requestSerialize({
      $typeName: 'connectors.ExecuteActionRequest',
      id: 'echo',
      action: 'wait',
      payload: Buffer.from('{"ms":4000}'),
    }),
  );
  const whole = openStream(session, CONNECTORS_SERVICE.executeAction.path);
  whole.end(frame(request));
  const end = endOf(whole);
  expect(await failure).toMatchObject({ code: 'INVALID_INPUT', message: 'the request did not arrive in time' });
  clearInterval(drip);
  expect(await end).toBe('status 0');
  session.destroy();
});
