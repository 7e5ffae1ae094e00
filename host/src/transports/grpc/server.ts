import type { ServerHttp2Stream } from 'node:http2';
import type { ConnectorService, Principal } from '@automate/contract';
import { Server, ServerCredentials } from '@automate/grpc';
import { openFrontDoor } from '../front-door.ts';
import type { ConnectionLimits, FrontDoorOptions, ListenPlace } from '../front-door.ts';
import type { TlsKeeper } from '../tls-keeper.ts';
import { letIn } from '../let-in.ts';
import type { Door, SignIn } from '../sign-in.ts';
import { NO_SIGN_IN, noteAdmitted } from '../sign-in.ts';
import { http2ServersOf, prepareStreams } from './prepare-streams.ts';
import { addLazyMethods } from './lazy-service.ts';
import type { LoadedServices } from './load-services.ts';
import { loadServices } from './load-services.ts';
import type { GrpcLogger } from './logger.ts';
import { METHOD_PATHS } from './method-paths.ts';
import type { CallerTimeouts } from './slow-callers.ts';
import { CALLER_TIMEOUTS, cutOffSlowCallers } from './slow-callers.ts';

export type GrpcServerOptions = ListenPlace & {
  /** With it TLS is spoken, and nothing else. */
  readonly tls?: TlsKeeper | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
  readonly timeouts?: Partial<CallerTimeouts> | undefined;
  /** What the server serves. It stays its owner's to close. */
  readonly service: ConnectorService;
  readonly logger: GrpcLogger;
  /** Who may come in. Default: everyone, as `local`. */
  readonly signIn?: SignIn | undefined;
  /** Hears of connections that do not come as far as a call: from where, and why. */
  readonly turnedAway?: FrontDoorOptions['turnedAway'];
  /** Answers a line of another host, which that one has begun with a call to `LINE_PATH`; throws for a caller who is none. Absent: there are no other hosts. */
  readonly serveLine?: ((stream: ServerHttp2Stream, from: LineCaller) => ServedLine) | undefined;
  /** What calls say that they came through. Default `grpc`. */
  readonly door?: Door;
  /** What the health service says at first. Default true. */
  readonly serving?: boolean;
};

export interface LineCaller {
  readonly principal: Principal | undefined;
  readonly service: ConnectorService;
}

export interface ServedLine {
  /** Takes no more calls; the line ends once those under way have their answers. */
  end(): void;
}

export interface GrpcServer {
  /** Where it really listens: `127.0.0.1:50051`, `unix:/path`. */
  readonly address: string;
  /** 0 for a socket with a path. */
  readonly port: number;
  /** From now on these hold; those that are absent are the server's own. */
  setTimeouts(timeouts: Partial<CallerTimeouts>): void;
  /** Turns the standard health service's answer; calls are answered all the same. */
  setServing(serving: boolean): void;
  /**
   * Takes no more calls, ends the streams, waits for calls in flight, and cuts off those that are left after `drainMs`
   * milliseconds (default 5000). Safe to call twice.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Payloads are at most 3 MiB. Larger messages are read as well, up to here, so that they are refused with details. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Nobody has to sign in to ask whether the host serves. */
const OPEN_SERVICE = '/grpc.health.v1.Health/';

/** Where a line between hosts begins: a stream that is theirs, and no call of the library's. */
const LINE_PATH = '/automate.Hosts/Line';

/** Callers leave these open, as they may have more to ask. */
const CONVERSATIONS: ReadonlySet<string> = new Set(
  METHOD_PATHS.filter(({ kind }) => kind === 'duplex').map(({ path }) => path),
);
const mayGoOn = (path: string): boolean => path === LINE_PATH || CONVERSATIONS.has(path);

/** Serves the port over gRPC. Fails with UNAVAILABLE when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
  });
  const { signIn = NO_SIGN_IN, door = 'grpc', serveLine } = options;
  const lines = new Set<ServedLine>();
  let serving = options.serving ?? true;
  let loaded: LoadedServices | undefined;
  const lazy = addLazyMethods(server, METHOD_PATHS, async () => {
    loaded = await loadServices({ ...options, signIn, serving });
    // It may have changed while the code was loading.
    loaded.setServing(serving);
    return loaded.services;
  });
  const setServing = (value: boolean): void => {
    serving = value;
    loaded?.setServing(value);
    // A server that is ready is asked soon.
    if (value) warmUp = setImmediate(() => void lazy.warmUp().catch(reportUnloaded));
  };
  const reportUnloaded = (error: unknown): void =>
    options.logger.error('gRPC could not be loaded', { error: String(error) });
  let warmUp: NodeJS.Immediate | undefined;
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  prepareStreams(server, {
    explain: (headers) => loaded?.explainStatus(headers) ?? headers,
    admit(stream, headers) {
      if (String(headers[':path']).startsWith(OPEN_SERVICE)) return undefined;
      const { authorization } = headers;
      const admitted = letIn(signIn, { door, authorization, socket: stream.session?.socket });
      if (headers[':path'] === LINE_PATH && serveLine !== undefined) {
        const line = serveLine(stream, { principal: admitted.principal, service: options.service });
        lines.add(line);
        stream.once('close', () => lines.delete(line));
        return 'taken';
      }
      noteAdmitted(stream, admitted);
      // It has served: the library would carry the token on with each call's metadata.
      delete headers.authorization;
      return undefined;
    },
    async refuse(reason) {
      await lazy.warmUp();
      return loaded?.refusalHeaders(reason) ?? {};
    },
  });
  const timeouts = { ...CALLER_TIMEOUTS, ...options.timeouts };
  const watched = [...http2ServersOf(server)].map((http2) => cutOffSlowCallers(http2, timeouts, mayGoOn));
  const front = await openFrontDoor({
    door: 'gRPC',
    place: options,
    tls: options.tls,
    limits: options.limits,
    warn: (message) => options.logger.warn(message),
    turnedAway: options.turnedAway,
    serve: (socket) => connections.injectConnection(socket),
  });

  let closing: Promise<void> | undefined;
  const close = async (drainMs: number): Promise<void> => {
    clearImmediate(warmUp);
    for (const stop of watched) stop();
    setServing(false);
    const ended = front.close();
    // Tears down what is left after the time. `forceShutdown` would not: without channelz it knows no sessions.
    connections.drain(drainMs);
    const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    loaded?.endStreams();
    for (const line of lines) line.end();
    const late = setTimeout(
      () => options.logger.warn('calls are cut off: they did not end in time', { drainMs }),
      drainMs,
    );
    await drained;
    await ended;
    clearTimeout(late);
  };
  return {
    address: front.address,
    port: front.port,
    setServing,
    setTimeouts: (now) => void Object.assign(timeouts, CALLER_TIMEOUTS, now),
    close: ({ drainMs = 5000 } = {}) => (closing ??= close(drainMs)),
  };
}
