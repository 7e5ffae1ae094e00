import { UnavailableError } from '@automate/contract';
import type { ConnectorService } from '@automate/contract';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createHandlers } from './handlers.ts';
import { addHealthService } from './health.ts';
import type { GrpcLogger } from './logger.ts';
import { addReflectionService } from './reflection.ts';

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

/** Payloads are at most 3 MiB; this leaves room for what stands around them. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Serves the port over gRPC. Fails with UNAVAILABLE when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
  });
  const { handlers, watches } = createHandlers(options.service, options.logger);
  server.addService(CONNECTORS_SERVICE, handlers);
  const health = addHealthService(server, options.serving ?? true);
  addReflectionService(server);
  const port = await listen(server, options);

  let closing: Promise<void> | undefined;
  const close = async (drainMs: number): Promise<void> => {
    health.setServing(false);
    const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    watches.endAll();
    health.endAll();
    const late = setTimeout(() => {
      options.logger.warn('calls were cut off: they did not end in time', { drainMs });
      server.forceShutdown();
    }, drainMs);
    await drained;
    clearTimeout(late);
  };
  return {
    address: `${bracket(options.host)}:${port}`,
    port,
    setServing: (serving) => health.setServing(serving),
    close: ({ drainMs = 5000 } = {}) => (closing ??= close(drainMs)),
  };
}

function listen(server: Server, { host, port }: GrpcServerOptions): Promise<number> {
  const address = `${bracket(host)}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(explainListenError(error, address));
    });
  });
}

function explainListenError(cause: Error, address: string): UnavailableError {
  const taken = cause.message.includes('EADDRINUSE');
  const remedy = taken
    ? 'another program listens there: end it, or choose another port (GRPC_PORT, --grpc-port; 0 takes any that is free)'
    : cause.message;
  const reason = taken ? 'address_in_use' : 'cannot_listen';
  return new UnavailableError(`gRPC cannot listen on ${address}: ${remedy}`, { cause, details: { reason, address } });
}

function bracket(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
