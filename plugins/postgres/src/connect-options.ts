import type { NetConnectOpts, Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { AuthFailedError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { createSocket, labelOf, readLogin, readTrust } from '@automate/sql';
import type { Login, ServerKind } from '@automate/sql';
import type { ClientConfig } from 'pg';
import type { PostgresSettings } from './config.ts';

const POSTGRES: ServerKind = {
  name: 'PostgreSQL',
  port: 5432,
  schemes: ['postgresql', 'postgres'],
  sslMode: ['sslmode', { disable: false, require: true, 'verify-ca': true, 'verify-full': true }],
  parameters: ['host', 'user', 'password'],
  // R, E, N, v, S (of TLS)
  isAnswer: ([first = 0]) => [0x52, 0x45, 0x4e, 0x76, 0x53].includes(first),
};

/** Where the server is, as the driver and sockets take it. */
export function addressOf({ host, port, socket }: Login): NetConnectOpts {
  return socket === undefined ? { host, port } : { path: socket };
}

/** @throws ConfigInvalidError for settings that contradict each other. */
export function loginOf(context: ConnectorContext, settings: PostgresSettings): Login {
  const { parameters, ...login } = readLogin(POSTGRES, context, settings);
  // What is empty says nothing, as everywhere in a URI.
  const said = [...parameters].filter(([name, value]) => name !== 'sslmode' && value !== '');
  const { host, ...who } = Object.fromEntries(said);
  // The host of a URI may be a folder, too.
  const place = login.socket ?? [login.host, host].find((each) => each?.startsWith('/'));
  const field = login.socket === undefined ? 'settings.uri' : 'settings.socket';
  return {
    ...login,
    ...(host === undefined ? {} : { host }),
    ...who,
    ...(place === undefined ? {} : { socket: context.files.locate(socketPath(place, login.port), { field }) }),
  };
}

/** The socket within its directory, as the server names it. */
function socketPath(path: string, port: number): string {
  return /\/\.s\.PGSQL\.\d+$/.test(path) ? path : `${path.replace(/\/$/, '')}/.s.PGSQL.${port}`;
}

/** The driver's options for a connector. Nothing is taken from the environment of the host. */
export async function connectOptions(context: ConnectorContext, login: Login): Promise<ClientConfig> {
  const { host, port, user, password, database = 'postgres' } = login;
  const tls = await readTrust(POSTGRES, context, login);
  const { limits } = context.config;
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
    connectionTimeoutMillis: limits.startTimeoutMs,
    stream: () => openSocket(login, label),
  };
}

/** The driver knows but one of the two ways to name a Unix socket. */
function openSocket(login: Login, label: string): Socket {
  const socket = createSocket(POSTGRES, label);
  const connect = socket.connect.bind(socket);
  socket.connect = () => connect(addressOf(login));
  return socket;
}

/** The driver puts the host's name into `servername` again. */
function compareWith(name: string | undefined): Pick<TlsOptions, 'checkServerIdentity'> {
  return name === undefined
    ? {}
    : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}
