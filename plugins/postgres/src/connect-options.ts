import type { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { AuthFailedError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { loginAddress, createSocket, serverLabel, readTrust } from '@automate/sql';
import type { Login, ServerKind } from '@automate/sql';
import type { ClientConfig } from 'pg';

export const POSTGRES: ServerKind = {
  name: 'PostgreSQL',
  port: 5432,
  schemes: ['postgresql', 'postgres'],
  sslMode: ['sslmode', { disable: false, require: true, 'verify-ca': true, 'verify-full': true }],
  parameters: ['host', 'user', 'password'],
  // A directory stands for the socket within it, as the server names it.
  socketOf: (path, port) => (/\/\.s\.PGSQL\.\d+$/.test(path) ? path : `${path.replace(/\/$/, '')}/.s.PGSQL.${port}`),
  // R, E, N, v, S (of TLS)
  isAnswer: ([first = 0]) => [0x52, 0x45, 0x4e, 0x76, 0x53].includes(first),
};

/** The driver's options for a connector. Nothing is taken from the environment of the host. */
export async function connectOptions(context: ConnectorContext, login: Login): Promise<ClientConfig> {
  const { host, port, user, password, database = 'postgres' } = login;
  const tls = await readTrust(POSTGRES, context, login);
  const { limits } = context.config;
  return {
    host,
    port,
    user,
    password: () => {
      if (password !== undefined) return password;
      throw new AuthFailedError(`${serverLabel(login)} asks for a password; the operator must set auth to basic`, {
        details: { reason: 'no_password' },
      });
    },
    database,
    ssl: tls === undefined ? false : { ...tls, ...compareWith(tls.servername) },
    application_name: `automate:${context.id}`,
    keepAlive: true,
    connectionTimeoutMillis: limits.startTimeoutMs,
    stream: () => openSocket(login),
  };
}

/** The driver knows but one of the two ways to name a Unix socket. */
function openSocket(login: Login): Socket {
  const socket = createSocket(POSTGRES, login);
  const connect = socket.connect.bind(socket);
  socket.connect = () => connect(loginAddress(login));
  return socket;
}

/** The driver puts the host's name into `servername` again. */
function compareWith(name: string | undefined): Pick<TlsOptions, 'checkServerIdentity'> {
  return name === undefined
    ? {}
    : { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}
