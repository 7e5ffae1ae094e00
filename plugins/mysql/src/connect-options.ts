import type { Socket } from 'node:net';
import type { ConnectorContext } from '@automate/sdk';
import { loginAddress, createSocket, readTrust } from '@automate/sql';
import type { Login, ServerKind } from '@automate/sql';
import type { ConnectionOptions } from 'mysql2';

export const MYSQL: ServerKind = {
  name: 'MySQL',
  port: 3306,
  schemes: ['mysql', 'mariadb'],
  sslMode: ['ssl-mode', { DISABLED: false, REQUIRED: true, VERIFY_CA: true, VERIFY_IDENTITY: true }],
  parameters: ['socket'],
  // The first packet is a greeting of version 10, or an error.
  isAnswer: (bytes) =>
    bytes.length >= 5 && bytes.readUIntLE(0, 3) < 4096 && bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 255),
};

/** The driver's options for a connector. */
export async function connectOptions(context: ConnectorContext, login: Login): Promise<ConnectionOptions> {
  const tls = await readTrust(MYSQL, context, login);
  const { limits } = context.config;
  return {
    // Only the certificate is compared with it: the socket comes from us.
    host: login.tls?.serverName ?? login.host,
    port: login.port,
    user: login.user,
    password: login.password ?? '',
    ...(login.database === undefined ? {} : { database: login.database }),
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: tls.rejectUnauthorized !== false } as never }),
    charset: 'UTF8MB4_UNICODE_CI',
    timezone: 'Z',
    dateStrings: true,
    jsonStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    disableEval: true,
    // The driver reads a geometry as points, and leaves out which system of reference they are of.
    typeCast: (field, next) => (field.type === 'GEOMETRY' ? field.buffer() : next()),
    maxPreparedStatements: 50,
    connectTimeout: limits.startTimeoutMs,
    // Without the last one the server keeps what is OUT in a procedure to itself.
    flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', 'PS_MULTI_RESULTS'],
    stream: () => openSocket(login),
  };
}

function openSocket(login: Login): Socket {
  const socket = createSocket(MYSQL, login);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  // For addresses TLS takes the name to compare from here, and without it would take `localhost`.
  Object.defineProperty(socket, '_host', { value: login.host, writable: true, configurable: true });
  return socket.connect(loginAddress(login));
}
