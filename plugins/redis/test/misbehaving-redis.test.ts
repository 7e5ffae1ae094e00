import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { closedPort, startConnector } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import RedisAdapter from '../src/redis-adapter.ts';

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).toReversed()) await close();
});

/** A connector to a server that treats every connection so. */
async function connectTo(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return connectAt((server.address() as AddressInfo).port);
}

async function connectAt(port: number, config: object = {}) {
  const connector = await startConnector(RedisAdapter, {
    url: `http://127.0.0.1:${port}`,
    config,
  });
  running.push(() => connector.close());
  return connector;
}

const one = { key: 'a' };

describe('what answers at the endpoint', () => {
  it('is told to be nothing', async () => {
    const connector = await connectAt(await closedPort());
    await expect(connector.call('get', one)).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: true,
    });
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TRANSIENT_NETWORK' },
    });
  });

  it('is told to have no address', async () => {
    const connector = await connectAt(6379, { host: 'nowhere.invalid' });
    await expect(connector.call('set', { ...one, value: 'b' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
    });
  });

  it.each([
    ['a web server', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['another database', (socket: Socket) => void socket.write(Buffer.from([0x4a, 0, 0, 0, 0x0a, 0x35]))],
  ])('is told to be no Redis: %s', async (_title, serve) => {
    const connector = await connectTo(serve);
    const failure = { code: 'UPSTREAM_5XX', retryable: false, details: { reason: 'bad_answer' } };
    await expect(connector.call('get', one)).rejects.toMatchObject(failure);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'UPSTREAM_5XX' } });
  });

  it('is told to close at once', async () => {
    const connector = await connectTo((socket) => socket.destroy());
    await expect(connector.call('set', { ...one, value: 'b' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
    });
  });

  it('is told to be silent once the deadline passes', async () => {
    const connector = await connectTo(() => undefined);
    await expect(connector.call('set', { ...one, value: 'b' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
    await expect(connector.health({ timeoutMs: 200 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });
  });

  it('is told to have broken off where a reply is cut short, and is asked again on another connection', async () => {
    let connections = 0;
    const connector = await connectTo((socket) => {
      connections += 1;
      const healthy = connections > 1;
      socket.on('data', (bytes) => {
        if (bytes.includes('EXISTS')) socket.write(':0\r\n');
        if (!bytes.includes('GET')) return;
        if (healthy) socket.write('$1\r\nx\r\n');
        else socket.end('$100\r\nabc');
      });
    });
    await expect(connector.call('get', one)).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
    await expect(connector.call('get', one)).resolves.toStrictEqual({ found: true, value: 'x' });
  });

  it('may have acted where the connection breaks under a write', async () => {
    const connector = await connectTo((socket) =>
      socket.on('data', (bytes) => (bytes.includes('EXISTS') ? socket.write(':0\r\n') : socket.destroy())),
    );
    await expect(connector.call('set', { ...one, value: 'b' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
    });
  });
});
