import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface MovingProxy {
  readonly port: number;
  /** New connections go there from now on; those that are open stay where they are. */
  move(port: number): void;
  /** Keeps what the server says from those who are connected, now and later; until the given function is called, for new connections. */
  fallSilent(): () => void;
  close(): Promise<void>;
}

/** A name that leads to one server after the other. */
export async function startMovingProxy(first: number): Promise<MovingProxy> {
  let target = first;
  let isSilent = false;
  const sockets = new Set<Socket>();
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = keep(connect(target, '127.0.0.1'));
    keep(near).pipe(far);
    if (isSilent) far.resume();
    else far.pipe(near);
    pairs.add([near, far]);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    move(port) {
      target = port;
    },
    fallSilent() {
      isSilent = true;
      for (const [near, far] of pairs) far.unpipe(near).resume();
      return () => void (isSilent = false);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
