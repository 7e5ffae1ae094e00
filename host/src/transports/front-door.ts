import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { listenPrivately } from './unix-socket.ts';
import { listenError } from './listen-error.ts';

/** Where to listen: an address and a port, 0 for a free one, or the path of a socket for this user alone. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly path: string };

export interface FrontDoorOptions {
  readonly door: 'gRPC' | 'REST';
  readonly place: ListenPlace;
  /** Takes a connection over. */
  serve(socket: Socket): void;
}

export interface FrontDoor {
  /** `127.0.0.1:50051`, `[::1]:50051`, `unix:/path` */
  readonly address: string;
  /** 0 for a socket with a path. */
  readonly port: number;
  /** Takes no more connections. Resolves when the last one has ended. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Listens, and hands connections on to a server that does not listen itself. Rejects with UNAVAILABLE where it cannot.
 */
export async function openFrontDoor({ door, place, serve }: FrontDoorOptions): Promise<FrontDoor> {
  const server = createServer({ noDelay: true }, serve);
  const opened = 'path' in place ? await listenOnPath(server, place.path) : await listenOnPort(server, door, place);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    opened.remove();
    await closed;
  };
  return { address: opened.address, port: opened.port, close: () => (closing ??= close()) };
}

interface Opened {
  readonly address: string;
  readonly port: number;
  remove(): void;
}

async function listenOnPath(server: Server, path: string): Promise<Opened> {
  return { address: `unix:${path}`, port: 0, remove: await listenPrivately(server, path) };
}

async function listenOnPort(
  server: Server,
  door: FrontDoorOptions['door'],
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Opened> {
  const name = bracket(host);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const variable = door === 'gRPC' ? 'GRPC_PORT' : 'HTTP_PORT';
    throw listenError(error, { door, address: `${name}:${port}`, port: variable });
  }
  const bound = server.address() as AddressInfo;
  return { address: `${name}:${bound.port}`, port: bound.port, remove: () => undefined };
}

function bracket(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
