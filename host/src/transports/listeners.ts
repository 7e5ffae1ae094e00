import type { ConnectorService, UnavailableError } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { CloseStack } from '../close-stack.ts';
import type { DoorLimits, Exposure, RefusedRead, TurnedAway } from '../events/host-events.ts';
import type { HostSettings } from '../host-settings.ts';
import type { HostLog } from '../log/host-log.ts';
import { watchLag } from '../telemetry/watch-lag.ts';
import type { ConnectionLimits, ListenPlace } from './front-door.ts';
import { CONNECTION_LIMITS } from './front-door.ts';
import type { SocketPlace } from './unix-socket.ts';
import type { TlsKeeper } from './tls-keeper.ts';
import { placeSocket } from './unix-socket.ts';
import type { GrpcServer, GrpcServerOptions } from './grpc/server.ts';
import { startGrpcServer } from './grpc/server.ts';
import { createLazyMcpDoor } from './mcp/lazy-door.ts';
import type { AgentRights } from './mcp/mcp-door.ts';
import type { SignIn } from './sign-in.ts';
import { tellTurnedAway } from './turned-away.ts';
import { startRestServer } from './rest/server.ts';

export interface ListenersOptions {
  readonly service: ConnectorService;
  readonly signIn: SignIn;
  readonly settings: HostSettings;
  readonly log: HostLog;
  readonly version: string;
  /** Where the page was built to. */
  readonly pageDir: string;
  readonly stack: CloseStack;
  /** What TLS is made of; absent: the ports speak without. */
  readonly tls?: TlsKeeper | undefined;
  /** Answers the lines of other hosts; absent: there are none. */
  readonly serveLine?: GrpcServerOptions['serveLine'];
  /** Hears of callers whom a door did not let in. */
  turnedAway(caller: TurnedAway): void;
  readRefused(caller: RefusedRead): void;
  metrics(format: 'text' | 'openmetrics'): Promise<string>;
  /** What agents see of what their callers may call. */
  readonly exposure: Exposure;
  readonly agentRights: AgentRights;
  /** Why the host cannot go on for long as it is; undefined where it can. */
  unwell(): UnavailableError | undefined;
}

export interface Listeners {
  /** `127.0.0.1:50051` */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:8080` */
  readonly httpAddress: string;
  /** Path of the socket for programs of this user; undefined where there can be none. */
  readonly socketPath?: string;
  /** What works, but not as it should. */
  readonly warnings: readonly string[];
  /** From now on the health services answer that the host serves, or that it does not. */
  setServing(serving: boolean): void;
  /** The host may have become unwell, or well again. */
  announce(): void;
  /** From now on agents see this. */
  setExposure(exposure: Exposure): void;
  /** From now on these hold; those that are absent are the doors' own. */
  setLimits(limits: DoorLimits): void;
}

/** How long calls in flight may take to end once the doors close, in milliseconds. */
const DRAIN_MS = 10_000;

/** Opens gRPC and REST, and gRPC once more for this user alone, all or none, and leaves their closing to the stack. */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const { service, settings, log, version, stack, tls } = options;
  const signIn = tellTurnedAway(
    options.signIn,
    (caller) => options.turnedAway(caller),
    (caller) => options.readRefused(caller),
  );
  const at = (door: string) => (address: string, reason: string) => options.turnedAway({ door, address, reason });
  const host = settings.bindAddress;
  let serving = false;
  const lag = watchLag((late) => {
    log.warn({ event: 'lag' }, late?.message ?? 'the host keeps up with its work again');
    announce();
  });
  stack.push({ name: 'lag', close: () => lag.close() });
  const unwell = (): UnavailableError | undefined => options.unwell() ?? lag.unwell();
  const servers: GrpcServer[] = [];
  const limits: { -readonly [Name in keyof ConnectionLimits]: ConnectionLimits[Name] } = { ...CONNECTION_LIMITS };
  const announce = (): void => {
    for (const server of servers) server.setServing(serving && unwell() === undefined);
  };
  // At the same time: what one waits for takes nothing from the others.
  const doors: { close(options: { readonly drainMs: number }): Promise<void> }[] = [];
  stack.push({
    name: 'doors',
    close: async () => void (await Promise.all(doors.map((door) => door.close({ drainMs: DRAIN_MS })))),
  });
  const openGrpc = async (
    place: ListenPlace,
    access: Pick<GrpcServerOptions, 'signIn' | 'door' | 'serveLine'>,
  ): Promise<GrpcServer> => {
    const logger = messageFirst(log);
    const server = await startGrpcServer({ service, ...place, ...access, tls, limits, logger, turnedAway: at('grpc') });
    doors.push(server);
    servers.push(server);
    return server;
  };
  const grpc = await openGrpc({ host, port: settings.grpcPort }, { signIn, serveLine: options.serveLine });
  const agents = createLazyMcpDoor({
    service,
    signIn,
    exposure: options.exposure,
    rights: options.agentRights,
    version,
    debug: (fields, message) => log.debug(fields, message),
  });
  const rest = await startRestServer({
    service,
    agents,
    signIn,
    turnedAway: at('rest'),
    host,
    allowedHosts: settings.allowedHosts,
    behindTls: settings.allowPlaintext,
    port: settings.httpPort,
    tls,
    limits,
    logger: log,
    version,
    pageDir: options.pageDir,
    metrics: (format) => options.metrics(format),
    ready: () => serving,
    unwell,
  });
  doors.push(rest);
  const socket = await openSocket(placeSocket(settings.dataDir, settings.runtimeDir), (place) =>
    openGrpc(place, { door: 'socket' }),
  );
  return {
    grpcAddress: grpc.address,
    httpAddress: rest.address,
    ...('path' in socket
      ? { socketPath: socket.path, warnings: [] }
      : {
          warnings: [
            `there is no socket for programs of this user, which call ${grpc.address} as others do: ${socket.none}`,
          ],
        }),
    setServing(value) {
      serving = value;
      announce();
    },
    announce,
    setExposure: (exposure) => agents.setExposure(exposure),
    setLimits({ connectionsPerAddress, headerTimeoutMs, bodyTimeoutMs }) {
      limits.perAddress = connectionsPerAddress ?? CONNECTION_LIMITS.perAddress;
      limits.handshakeMs = headerTimeoutMs ?? CONNECTION_LIMITS.handshakeMs;
      const body = bodyTimeoutMs === undefined ? {} : { requestMs: bodyTimeoutMs };
      for (const server of servers)
        server.setTimeouts({ ...body, ...(headerTimeoutMs === undefined ? {} : { handshakeMs: headerTimeoutMs }) });
      rest.setTimeouts({
        ...body,
        ...(headerTimeoutMs === undefined ? {} : { headersMs: headerTimeoutMs }),
      });
    },
  };
}

/** Where no such socket can be, programs of this user have the other doors. Rejects where somebody else has its place. */
async function openSocket(place: SocketPlace, open: (place: ListenPlace) => Promise<unknown>): Promise<SocketPlace> {
  if ('none' in place) return place;
  try {
    await open(place);
    return place;
  } catch (error) {
    if (ConnectorError.is(error)) throw error;
    return { none: `the system does not take ${place.path} for one (${(error as Error).message})` };
  }
}

/** gRPC's door puts the message first, as connectors do; the log itself is pino's, with the fields first. */
function messageFirst(log: HostLog): Parameters<typeof startGrpcServer>[0]['logger'] {
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}
