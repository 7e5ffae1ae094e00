import { Socket } from 'node:net';
import { ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import type { ConnectionOptions } from 'mysql2';
import type { MysqlSettings } from './config.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf({ config }: ConnectorContext): Address {
  return { host: config.host ?? 'localhost', port: config.port ?? 3306 };
}

/** The driver's options for a connector. */
export async function connectOptions(context: ConnectorContext, settings: MysqlSettings): Promise<ConnectionOptions> {
  const { auth, limits, tls: wanted } = context.config;
  if (auth.type !== 'none' && auth.type !== 'basic')
    throw new ConfigInvalidError(
      `connector "${context.id}": auth.type is ${auth.type}; MySQL knows basic (user and password) and none; the operator must act`,
      { details: { reason: 'auth_type' } },
    );
  const address = addressOf(context);
  const tls = await readTls(context.config);
  return {
    // Only the certificate is compared with it: the socket comes from us.
    host: wanted?.serverName ?? address.host,
    port: address.port,
    user: auth.type === 'basic' ? (auth.username ?? '') : settings.user,
    password: auth.password?.reveal() ?? '',
    ...(settings.database === undefined ? {} : { database: settings.database }),
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: tls.rejectUnauthorized !== false } as never }),
    charset: 'UTF8MB4_UNICODE_CI',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    disableEval: true,
    maxPreparedStatements: 50,
    connectTimeout: limits.startTimeoutMs,
    flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS'],
    stream: () => openSocket(address),
  };
}

/** A socket that breaks as soon as the other side shows that it is no MySQL, instead of waiting for more of it. */
function openSocket({ host, port }: Address): Socket {
  const socket = new Socket();
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  socket.once('data', (bytes: Buffer) => {
    if (isGreeting(bytes)) return;
    socket.destroy(
      new UpstreamError(`${host}:${port} did not answer as MySQL does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  // For addresses TLS takes the name to compare from here, and without it would take `localhost`.
  Object.defineProperty(socket, '_host', { value: host, writable: true, configurable: true });
  return socket.connect(port, host);
}

/** The first packet is a greeting of version 10, or an error. */
function isGreeting(bytes: Buffer): boolean {
  if (bytes.length < 5) return false;
  const short = bytes.readUIntLE(0, 3) < 4096;
  return short && bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 255);
}
