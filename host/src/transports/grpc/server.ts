import { createServer } from 'node:net';
import type { ConnectorService } from '@automate/contract';
import { Server, ServerCredentials } from '@automate/grpc';
import { listenError } from '../listen-error.ts';
import { prepareStreams } from './prepare-streams.ts';
import { addLazyMethods } from './lazy-service.ts';
import type { LoadedServices } from './load-services.ts';
import { loadServices } from './load-services.ts';
import type { GrpcLogger } from './logger.ts';
import { METHOD_PATHS } from './method-paths.ts';

export interface GrpcServerOptions {
  /** What the server serves. It stays its owner's to close. */
  readonly service: ConnectorService;
  /** Address to listen on: `127.0.0.1`, `::1`, a name. */
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly logger: GrpcLogger;
  /** What the health service says at first. Default true. */
  readonly serving?: boolean;
}

export interface GrpcServer {
  /** Where it really listens: `127.0.0.1:50051`. */
  readonly address: string;
  readonly port: number;
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

/** Serves the port over gRPC. Fails with UNAVAILABLE when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
  });
  let serving = options.serving ?? true;
  let loaded: LoadedServices | undefined;
  const lazy = addLazyMethods(server, METHOD_PATHS, async () => {
    loaded = await loadServices({ ...options, serving });
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
  const port = await listen(server, options);
  prepareStreams(server, (headers) => loaded?.explainStatus(headers) ?? headers);
  const address = `${bracket(options.host)}:${port}`;

  let closing: Promise<void> | undefined;
  const close = async (drainMs: number): Promise<void> => {
    clearImmediate(warmUp);
    setServing(false);
    // Tears down what is left after the time. `forceShutdown` would not: without channelz it knows no sessions.
    server.drain(address, drainMs);
    const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    loaded?.endStreams();
    const late = setTimeout(
      () => options.logger.warn('calls are cut off: they did not end in time', { drainMs }),
      drainMs,
    );
    await drained;
    clearTimeout(late);
  };
  return {
    address,
    port,
    setServing,
    close: ({ drainMs = 5000 } = {}) => (closing ??= close(drainMs)),
  };
}

async function listen(server: Server, { host, port }: GrpcServerOptions): Promise<number> {
  const address = `${bracket(host)}:${port}`;
  try {
    await tryListening(host, port);
    return await new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  } catch (error) {
    throw listenError(error, { door: 'gRPC', address, port: 'GRPC_PORT' });
  }
}

/** grpc-js writes its complaint about a port to the console, and keeps the system's code to itself. */
function tryListening(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

function bracket(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
