import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { seldom } from '../log/seldom.ts';
import { judgeAgain, noteClientCertificate } from './client-certificate.ts';
import { listenError } from './listen-error.ts';
import type { TlsKeeper } from './tls-keeper.ts';
import { listenPrivately } from './unix-socket.ts';

/** Where to listen: an address and a port, 0 for a free one, or the path of a socket for this user alone. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a port takes of one address, and how long it waits. */
export interface ConnectionLimits {
  /** Connections that one address may have at a time. Default 1000. */
  readonly perAddress: number;
  /** Milliseconds from a connection until it has said something, and again until TLS is agreed upon. Default 10 000. */
  readonly handshakeMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { perAddress: 1_000, handshakeMs: 10_000 };

/** How long a connection may be silent before its other end is asked whether it is there still, in milliseconds. */
const SILENT_MS = 60_000;

export interface FrontDoorOptions {
  readonly door: 'gRPC' | 'REST';
  readonly place: ListenPlace;
  /** With it TLS is spoken, and nothing else. A socket with a path has no use for it. */
  readonly tls?: TlsKeeper | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Hears of what an operator should look at, at most once a minute for each cause. */
  warn(message: string): void;
  /** Hears of each connection that does not come as far as a request: from where, and why in a few words. */
  turnedAway?(address: string, reason: string): void;
  /** Takes a connection over. */
  serve(socket: Socket | TLSSocket): void;
}

export interface FrontDoor {
  /** `127.0.0.1:50051`, `[::1]:50051`, `unix:/path` */
  readonly address: string;
  /** 0 for a socket with a path. */
  readonly port: number;
  /** Takes no more connections. Resolves when the last one has ended. Safe to call twice. */
  close(): Promise<void>;
}

/** The first byte of a handshake of TLS. */
const HANDSHAKE = 0x16;
/** The protocol of each door, as it is agreed upon in the handshake. */
const PROTOCOLS = { gRPC: ['h2'], REST: ['http/1.1'] } as const;
const WARN_EVERY_MS = 60_000;
/** As long as a timer reaches: how long a handshake may take is looked at for each connection. */
const NEVER_MS = 2_147_483_647;

/**
 * Listens, and hands connections on to a server that does not listen itself: with TLS once it is agreed upon, without it once they have said
 * something. Rejects with UNAVAILABLE where it cannot.
 */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const { door, place, tls, serve } = options;
  // Looked at for each connection, as they may change.
  const limitsNow = (): ConnectionLimits => ({ ...CONNECTION_LIMITS, ...options.limits });
  const warn = seldom(WARN_EVERY_MS, (message: string) => options.warn(message));
  /** Those that were not handed on yet, by their other end: a socket of TLS does not give what it was made of. */
  const waiting = new Map<string, Socket>();
  const handOn = (socket: Socket | TLSSocket): void => {
    waiting.delete(endOf(socket));
    serve(socket);
  };
  const failed = (address: string, reason: string): void => options.turnedAway?.(address, reason);
  const secure = tls === undefined ? undefined : serveTls(tls, { door, handOn, failed });
  const counts = new Map<string, number>();
  const admit = (socket: Socket): void => {
    const limits = limitsNow();
    const { remoteAddress: address = '' } = socket;
    const count = (counts.get(address) ?? 0) + 1;
    if (count > limits.perAddress) {
      socket.destroy();
      warn('limit', `${address} has ${limits.perAddress} connections to ${door} and gets no more (access.limits)`);
      return;
    }
    counts.set(address, count);
    const end = endOf(socket);
    waiting.set(end, socket);
    socket.once('close', () => {
      waiting.delete(end);
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    onFirstByte(socket, limits.handshakeMs, (byte) => {
      const speaksTls = byte === HANDSHAKE;
      if (speaksTls !== (secure !== undefined)) warn('mismatch', explainMismatch(door, address, speaksTls));
      // Its own server refuses what it cannot read.
      if (secure === undefined) handOn(socket);
      else if (speaksTls) {
        const timer = setTimeout(() => {
          if (waiting.get(end) !== socket) return;
          failed(address, 'handshake_timeout');
          socket.destroy();
        }, limits.handshakeMs);
        socket.once('close', () => clearTimeout(timer));
        secure.emit('connection', socket);
      } else {
        failed(address, 'no_tls');
        socket.write(PLAIN_ANSWERS[door]);
        socket.destroySoon();
      }
    });
  };
  // A caller that was cut off ends nothing: what it has open would stay, and count, for ever.
  const alive = { keepAlive: true, keepAliveInitialDelay: SILENT_MS };
  const server = createServer({ noDelay: true, ...alive }, (socket) => {
    // Whoever takes it over listens for itself; until then nobody would, and that would end the host.
    socket.on('error', () => undefined);
    if ('path' in place) serve(socket);
    else admit(socket);
  });
  const opened = 'path' in place ? await listenOnPath(server, place.path) : await listenOnPort(server, door, place);
  server.on('error', (error) => warn('accept', `${door} could not take a connection: ${error.message}`));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    opened.remove();
    for (const socket of waiting.values()) socket.destroy();
    await closed;
  };
  return { address: opened.address, port: opened.port, close: () => (closing ??= close()) };
}

/** A server of TLS that listens nowhere: connections are given to it. */
function serveTls(
  tls: TlsKeeper,
  {
    door,
    handOn,
    failed,
  }: Pick<FrontDoorOptions, 'door'> & {
    handOn(socket: TLSSocket): void;
    failed(address: string, reason: string): void;
  },
): Server {
  /** Connections whose other end showed a certificate. */
  const known = new Set<TLSSocket>();
  const { material } = tls;
  const server = createTlsServer({
    ...material.context,
    // Whoever shows no good certificate may have a token; who has neither is told so in words, and not by a broken handshake.
    requestCert: material.asksClients,
    rejectUnauthorized: false,
    ALPNProtocols: [...PROTOCOLS[door]],
    handshakeTimeout: NEVER_MS,
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Of what was ended here there is no address any more, and it has been told.
    if (socket.remoteAddress !== undefined) failed(socket.remoteAddress, `tls_handshake ${error.code ?? error.name}`);
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (noteClientCertificate(socket)) {
      known.add(socket);
      socket.once('close', () => known.delete(socket));
    }
    handOn(socket);
  });
  tls.onChange((now, before) => {
    server.setSecureContext(now.context);
    if (now.judges !== before.judges) for (const socket of known) judgeAgain(socket, now, before);
  });
  return server;
}

/** Waits for the first byte, which stays to be read; a connection that says nothing in time, or ends, is closed. */
function onFirstByte(socket: Socket, timeoutMs: number, take: (byte: number) => void): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once('close', () => clearTimeout(timer));
  socket.once('readable', () => {
    clearTimeout(timer);
    const head = socket.read() as Buffer | null;
    if (head === null) {
      socket.destroy();
      return;
    }
    socket.unshift(head);
    take(head.readUInt8(0));
  });
}

const WRONG_PROTOCOL = 'this port speaks TLS';

/** What whoever speaks without TLS is told before the connection ends, in its own protocol. */
const PLAIN_ANSWERS = {
  REST: `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${WRONG_PROTOCOL}: use https://\n`,
  // HTTP/2: empty SETTINGS, then GOAWAY. With INADEQUATE_SECURITY clients of gRPC would take it for a lack of permission.
  gRPC: Buffer.concat([
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    Buffer.from([0, 0, 8 + WRONG_PROTOCOL.length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from(WRONG_PROTOCOL),
  ]),
} as const;

function explainMismatch(door: string, address: string, speaksTls: boolean): string {
  return speaksTls
    ? `${address} speaks TLS to ${door}, which does not: set TLS_CERT_FILE and TLS_KEY_FILE, or have it call without (no https://, no grpcs://)`
    : `${address} speaks to ${door} without TLS and was turned away: have it call https:// or grpcs://`;
}

/** The other end of a connection, by which it is known as long as it lasts. */
function endOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
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
    await once(server.listen({ host, port, exclusive: true }), 'listening');
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
