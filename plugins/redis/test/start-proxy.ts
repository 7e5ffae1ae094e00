import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A name that can be moved to another server: new connections go to the one that it names now, old ones stay. */
export interface Proxy {
  readonly port: number;
  /** How many connections were made so far. */
  readonly connections: number;
  moveTo(port: number): void;
  /** From now on servers get what is sent, and their replies are kept back. Resolves when so many were. */
  holdReplies(count: number): Promise<void>;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let port = target;
  let connections = 0;
  let hold: ((chunk: Buffer) => void) | undefined;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => (hold === undefined ? client.write(chunk) : hold(chunk)));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    hold = undefined;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    moveTo(to) {
      port = to;
    },
    holdReplies(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let held = 0;
      hold = (chunk) => {
        held += chunk.toString('latin1').split(/\r\n(?=[-+:*$])/).length;
        if (held >= count) resolve();
      };
      return promise;
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
