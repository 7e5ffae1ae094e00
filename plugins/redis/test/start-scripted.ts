import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Scripted {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A server that is no Redis, and says what it is told to say to what it reads.
 *
 * @param replyTo is given what was read and the number of the connection, from 1
 */
export async function startScripted(replyTo: (bytes: Buffer, connection: number) => string): Promise<Scripted> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(replyTo(bytes, connection)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
