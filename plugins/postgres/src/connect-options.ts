import { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { AuthFailedError, ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import type { PostgresSettings } from './config.ts';
import type { ConnectionOptions } from './postgres-connection.ts';

/** First bytes of what a PostgreSQL server can answer to the first message: R, E, N, v, S (of TLS). */
const FIRST_BYTES: ReadonlySet<number> = new Set([0x52, 0x45, 0x4e, 0x76, 0x53]);

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf({ config }: ConnectorContext): Address {
  return { host: config.host ?? 'localhost', port: config.port ?? 5432 };
}

/** The driver's options for a connector. Nothing is taken from the environment of the host. */
export async function connectOptions(
  context: ConnectorContext,
  settings: PostgresSettings,
): Promise<ConnectionOptions> {
  const { auth, limits } = context.config;
  if (auth.type !== 'none' && auth.type !== 'basic')
    throw new ConfigInvalidError(
      `connector "${context.id}": auth.type is ${auth.type}; PostgreSQL knows basic (user and password) and none; the operator must act`,
      { details: { reason: 'auth_type' } },
    );
  const { host, port } = addressOf(context);
  const tls = await readTls(context.config);
  return {
    address: { host, port },
    timeZone: undefined,
    host,
    port,
    user: auth.type === 'basic' ? (auth.username ?? '') : settings.user,
    password: () => {
      if (auth.password !== undefined) return auth.password.reveal();
      throw new AuthFailedError(`${host}:${port} asks for a password; the operator must set auth to basic`, {
        details: { reason: 'no_password' },
      });
    },
    database: settings.database,
    ssl: tls === undefined ? false : { ...tls, ...compareWith(tls.servername) },
    application_name: `automate:${context.id}`,
    keepAlive: true,
    connectionTimeoutMillis: limits.startTimeoutMs,
    stream: () => openSocket(`${host}:${port}`),
  };
}

/** A socket that breaks as soon as the other side shows that it is no PostgreSQL, instead of waiting for more of it. */
function openSocket(server: string): Socket {
  const socket = new Socket();
  socket.once('data', (bytes: Buffer) => {
    const [first = 0] = bytes;
    if (FIRST_BYTES.has(first)) return;
    socket.destroy(
      new UpstreamError(`${server} did not answer as PostgreSQL does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  return socket;
}

/** The driver puts the host's name into `servername` again. */
function compareWith(name: string | undefined): Pick<TlsOptions, 'checkServerIdentity'> {
  return name === undefined
    ? {}
    : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}
