import type { ConnectorError, ConnectorService } from '@automate/contract';
import { errorFromStatus } from '@automate/contract/grpc';
import { openFound } from '@automate/contract/service';
import { Client, Metadata } from '@automate/grpc';
import type { ChannelOptions, ServiceError } from '@automate/grpc';
import { readClientIdentity } from './client-identity.ts';
import type { ConnectOptions } from './connect-options.ts';
import { explainHandshake } from './explain-handshake.ts';
import { withConnectorCalls } from './connector-calls.ts';
import type { ConnectedService } from './connector-calls.ts';
import { loadHost } from './local-backend.ts';
import { createRemoteBackend } from './remote-backend.ts';
import { isLoopbackAddress, parseServiceAddress } from './service-address.ts';

/**
 * Opens the connectors service: the remote one when there is an address, in `options` or as `CONNECTORS_SERVICE_ADDR`;
 * else the host that serves this project's data directory; else the host in this process. Callers cannot tell which;
 * close it when done.
 *
 * @throws UNAVAILABLE when the remote service cannot be reached, or the host is not installed. One is never taken for
 *   the other.
 * @throws CONFIG_INVALID when files of TLS cannot be used, or a token would travel in clear to another machine
 */
export async function connect(options: ConnectOptions = {}): Promise<ConnectedService> {
  return withConnectorCalls(await openBackend(options));
}

async function openBackend(options: ConnectOptions): Promise<ConnectorService> {
  const address = options.address ?? (options.env ?? process.env)['CONNECTORS_SERVICE_ADDR'];
  const timeoutMs = options.connectTimeoutMs ?? 5000;
  if (address !== undefined && address.trim() !== '') return openRemoteBackend(address, timeoutMs, options);
  const host = await loadHost(options);
  const running = options.local === true ? undefined : await host.locate();
  if (running === undefined) return host.open();
  const { address: found, who = "the host on this project's data directory" } = running;
  return openFound(who, openRemoteBackend(found, timeoutMs, options));
}

/** Results are at most 3 MiB, but lists have no such bound. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

async function openRemoteBackend(address: string, timeoutMs: number, given: ConnectOptions): Promise<ConnectorService> {
  const parsed = parseServiceAddress(address);
  const { target, endpoint } = parsed;
  const identity = readClientIdentity({ ...given, env: given.env ?? process.env }, parsed);
  const options: ChannelOptions = {
    ...identity.channelOptions,
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
    // Backends must not share connections: closing one would not end them.
    'grpc.use_local_subchannel_pool': 1,
    // After the service was away: look again soon.
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5000,
    ...(isLoopbackAddress(target) ? { 'grpc.enable_http_proxy': 0 } : {}),
  };
  const open = (): Client => new Client(target, identity.credentials, options);
  const client = open();
  try {
    const failure = await greet(client, timeoutMs);
    const contact = { address, timeoutMs, endpoint, ...(identity.tls === undefined ? {} : { tls: identity.tls }) };
    if (failure !== undefined) throw (await explainHandshake(contact)) ?? explainNoService(failure, contact);
    return createRemoteBackend({ client, address, open, authorization: identity.authorization });
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Statuses with which a server that is there can answer a question that it does not know. */
const ANSWERS: ReadonlySet<number> = new Set([0, 5, 7, 12, 16]);

/**
 * Asks for the service's health, to learn whether there is one at all; a service without that method answers too. Undefined where there
 * is one, else what the library says.
 */
function greet(client: Client, timeoutMs: number): Promise<ServiceError | undefined> {
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    const settle = (error: ServiceError | null): void =>
      resolve(error === null || ANSWERS.has(error.code) ? undefined : error);
    const deadline = Date.now() + timeoutMs;
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      bytes,
      bytes,
      Buffer.alloc(0),
      new Metadata(),
      { deadline },
      settle,
    );
  });
}

function explainNoService(
  error: ServiceError,
  context: { readonly address: string; readonly timeoutMs: number },
): ConnectorError {
  // No service answered, whatever the cause: it counts as unreachable.
  const details = `No connection established: ${error.details.replace(/^No connection established\. /, '')}`;
  return errorFromStatus({ code: 14, details }, { ...context, method: 'connect' });
}
