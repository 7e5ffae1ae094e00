import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach } from '@jest/globals';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const running: (() => void)[] = [];
afterEach(() => {
  for (const close of running.splice(0)) close();
});

/** Has a server listen until the end of the test, with every connection that it then has. */
export async function listen(server: Server, port = 0): Promise<Address> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A server that does with a connection what it is told. */
export function serveRaw(onConnection: (socket: Socket) => void): Promise<Address> {
  return listen(createServer(onConnection));
}

/** Sends this to everyone who asks, and then nothing more, or the connection's end. */
export function sayRaw(answer: string | Uint8Array, then?: 'end'): Promise<Address> {
  return serveRaw((socket) => {
    socket.once('data', () => (then === 'end' ? socket.end(answer) : socket.write(answer)));
  });
}
