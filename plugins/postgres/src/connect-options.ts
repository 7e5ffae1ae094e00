import { Socket } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { AuthFailedError, ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { parseConnectionUri } from '@automate/sql';
import type { ClientConfig } from 'pg';
import type { PostgresSettings } from './config.ts';

/** First bytes of what a PostgreSQL server can answer to the first message: R, E, N, v, S (of TLS). */
const FIRST_BYTES: ReadonlySet<number> = new Set([0x52, 0x45, 0x4e, 0x76, 0x53]);

/** Where a server is, who we are there, and how far it is trusted. */
export interface Login {
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, in place of the two. */
  readonly socket?: string;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly sslMode?: string;
}

/** What `sslmode` means. Where it asks for TLS the certificate is checked, as far as `tls` does not say otherwise. */
const SSL_MODES: Readonly<Record<string, 'tls' | 'plain'>> = {
  disable: 'plain',
  require: 'tls',
  'verify-ca': 'tls',
  'verify-full': 'tls',
};

/** The server's address, for messages. */
export function labelOf({ host, port, socket }: Pick<Login, 'host' | 'port' | 'socket'>): string {
  return socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where the server is, as the driver and sockets take it. */
export function addressOf({ host, port, socket }: Pick<Login, 'host' | 'port' | 'socket'>): NetConnectOpts {
  return socket === undefined ? { host, port } : { path: socket };
}

/** @throws ConfigInvalidError for settings that contradict each other. */
export function loginOf({ id, config }: ConnectorContext, settings: PostgresSettings): Login {
  const { auth, host, port = 5432 } = config;
  const { uri, socket, user, database } = settings;
  const ours = {
    host: (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port,
    ...(socket === undefined ? {} : { socket: socketPath(socket, port) }),
    user: auth.type === 'basic' ? (auth.username ?? '') : user,
    ...(auth.password === undefined ? {} : { password: auth.password.reveal() }),
    database,
  };
  if (uri === undefined) return ours;
  if (host !== undefined || auth.type !== 'none' || socket !== undefined)
    throw misconfigured(id, 'settings.uri stands beside host, auth or settings.socket; only one can be meant', 'uri');
  const parameters = ['sslmode', 'host', 'user', 'password'];
  const { parameters: given, ...said } = parseConnectionUri(uri, {
    id,
    schemes: ['postgresql', 'postgres'],
    parameters,
  });
  const [sslMode, folder] = [given.get('sslmode'), given.get('host')];
  if (sslMode !== undefined && !Object.hasOwn(SSL_MODES, sslMode))
    throw misconfigured(
      id,
      `settings.uri has sslmode=${sslMode}; here it is ${Object.keys(SSL_MODES).join(', ')}`,
      'uri',
    );
  const place = said.host ?? folder;
  return {
    ...ours,
    ...Object.fromEntries([...given].filter(([name]) => name === 'user' || name === 'password')),
    ...said,
    ...(place?.startsWith('/') === true ? { socket: socketPath(place, said.port ?? port) } : {}),
    ...(place === undefined ? {} : { host: place }),
    ...(sslMode === undefined ? {} : { sslMode }),
  };
}

/** The socket within its directory, as the server names it. */
function socketPath(path: string, port: number): string {
  return /\/\.s\.PGSQL\.\d+$/.test(path) ? path : `${path.replace(/\/$/, '')}/.s.PGSQL.${port}`;
}

/** The driver's options for a connector. Nothing is taken from the environment of the host. */
export async function connectOptions(context: ConnectorContext, login: Login): Promise<ClientConfig> {
  const { type } = context.config.auth;
  if (type !== 'none' && type !== 'basic')
    throw misconfigured(
      context.id,
      `auth.type is ${type}; PostgreSQL knows basic (user and password) and none`,
      'auth_type',
    );
  const { host, port, user, password, database, sslMode = '' } = login;
  const configured = await readTls(context.config);
  if (configured !== undefined && SSL_MODES[sslMode] === 'plain')
    throw misconfigured(
      context.id,
      `settings.uri has sslmode=${sslMode} beside tls; only one of them can be meant`,
      'uri',
    );
  const tls = configured ?? (SSL_MODES[sslMode] === 'tls' ? { rejectUnauthorized: true } : undefined);
  const label = labelOf(login);
  return {
    host,
    port,
    user,
    password: () => {
      if (password !== undefined) return password;
      throw new AuthFailedError(`${label} asks for a password; the operator must set auth to basic`, {
        details: { reason: 'no_password' },
      });
    },
    database,
    ssl: tls === undefined ? false : { ...tls, ...compareWith(tls.servername) },
    application_name: `automate:${context.id}`,
    keepAlive: true,
    connectionTimeoutMillis: context.config.limits.startTimeoutMs,
    stream: () => openSocket(login, label),
  };
}

/** A socket that breaks as soon as the other side shows that it is no PostgreSQL, instead of waiting for more of it. */
function openSocket(login: Login, label: string): Socket {
  const socket = new Socket();
  socket.once('data', (bytes: Buffer) => {
    const [first = 0] = bytes;
    if (FIRST_BYTES.has(first)) return;
    socket.destroy(
      new UpstreamError(`${label} did not answer as PostgreSQL does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  // The driver knows but one of the two ways to name a Unix socket.
  const connect = socket.connect.bind(socket);
  socket.connect = () => connect(addressOf(login));
  return socket;
}

function misconfigured(id: string, what: string, reason: string): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${what}; the operator must act`, { details: { reason } });
}

/** The driver puts the host's name into `servername` again. */
function compareWith(name: string | undefined): Pick<TlsOptions, 'checkServerIdentity'> {
  return name === undefined
    ? {}
    : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}
