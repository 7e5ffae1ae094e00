import type { ConnectorService, UnavailableError } from '@automate/contract';
import type { CloseStack } from '../close-stack.ts';
import type { HostSettings } from '../host-settings.ts';
import type { HostLog } from '../log/host-log.ts';
import { watchLag } from '../telemetry/watch-lag.ts';
import { startGrpcServer } from './grpc/server.ts';
import { startRestServer } from './rest/server.ts';

export interface ListenersOptions {
  readonly service: ConnectorService;
  readonly settings: HostSettings;
  readonly log: HostLog;
  readonly version: string;
  readonly stack: CloseStack;
  metrics(): Promise<string>;
  /** Why the host cannot go on for long as it is; undefined where it can. */
  unwell(): UnavailableError | undefined;
}

export interface Listeners {
  /** `127.0.0.1:50051` */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:8080` */
  readonly httpAddress: string;
  /** From now on the health services answer that the host serves, or that it does not. */
  setServing(serving: boolean): void;
  /** The host may have become unwell, or well again. */
  announce(): void;
}

/** How long calls in flight may take to end once the doors close, in milliseconds. */
const DRAIN_MS = 10_000;

/** Opens gRPC and REST, both or neither, and leaves their closing to the stack. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const { service, settings, log, version, stack } = options;
  const host = settings.bindAddress;
  let serving = false;
  const lag = watchLag((late) => {
    log.warn({ event: 'lag' }, late?.message ?? 'the host keeps up with its work again');
    announce();
  });
  stack.push({ name: 'lag', close: () => lag.close() });
  const unwell = (): UnavailableError | undefined => options.unwell() ?? lag.unwell();
  const announce = (): void => grpc.setServing(serving && unwell() === undefined);
  const grpc = await startGrpcServer({ service, host, port: settings.grpcPort, logger: messageFirst(log) });
  stack.push({ name: 'gRPC', close: () => grpc.close({ drainMs: DRAIN_MS }) });
  const rest = await startRestServer({
    service,
    host,
    port: settings.httpPort,
    logger: log,
    version,
    metrics: () => options.metrics(),
    ready: () => serving,
    unwell,
  });
  stack.push({ name: 'REST', close: () => rest.close({ drainMs: DRAIN_MS }) });
  return {
    grpcAddress: grpc.address,
    httpAddress: rest.address,
    setServing(value) {
      serving = value;
      announce();
    },
    announce,
  };
}

/** gRPC's door puts the message first, as connectors do; the log itself is pino's, with the fields first. */
function messageFirst(log: HostLog): Parameters<typeof startGrpcServer>[0]['logger'] {
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}
