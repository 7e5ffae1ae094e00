import { Socket } from 'node:net';
import { ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, ResolvedConfig } from '@automate/sdk';
import { parseConnectionUri } from '@automate/sql';
import type { ConnectionOptions } from 'mysql2';
import type { MysqlSettings } from './config.ts';

/** Where a server is and who we are there. */
interface Login {
  readonly host: string;
  readonly port: number;
  readonly socket?: string;
  readonly user: string;
  readonly password: string;
  readonly database?: string;
  readonly tls: ResolvedConfig['tls'];
}

/** What `ssl-mode` means. Where it asks for TLS the certificate is checked, as far as `tls` does not say otherwise. */
const ENCRYPTED: Readonly<Record<string, boolean>> = {
  DISABLED: false,
  REQUIRED: true,
  VERIFY_CA: true,
  VERIFY_IDENTITY: true,
};

/** The server's address, for messages. */
export function labelOf(context: ConnectorContext, settings: MysqlSettings): string {
  if (settings.uri !== undefined && !URL.canParse(settings.uri)) return 'settings.uri';
  const { host, port, socket } = loginOf(context, settings);
  return socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The driver's options for a connector. */
export async function connectOptions(context: ConnectorContext, settings: MysqlSettings): Promise<ConnectionOptions> {
  const { type } = context.config.auth;
  if (type !== 'none' && type !== 'basic')
    throw misconfigured(
      context.id,
      `auth.type is ${type}; MySQL knows basic (user and password) and none`,
      'auth_type',
    );
  const login = loginOf(context, settings);
  const tls = await readTls({ id: context.id, tls: login.tls });
  return {
    // Only the certificate is compared with it: the socket comes from us.
    host: login.tls?.serverName ?? login.host,
    port: login.port,
    user: login.user,
    password: login.password,
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
    connectTimeout: context.config.limits.startTimeoutMs,
    // Without the last one the server keeps what is OUT in a procedure to itself.
    flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', 'PS_MULTI_RESULTS'],
    stream: () => openSocket(login, labelOf(context, settings)),
  };
}

function loginOf({ id, config }: ConnectorContext, settings: MysqlSettings): Login {
  const { auth, host, port } = config;
  const own = {
    host: (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: port ?? 3306,
    tls: config.tls,
    user: auth.type === 'basic' ? (auth.username ?? '') : settings.user,
    password: auth.password?.reveal() ?? '',
    ...(settings.database === undefined ? {} : { database: settings.database }),
    ...(settings.socket === undefined ? {} : { socket: settings.socket }),
  };
  if (settings.uri === undefined) return own;
  if (host !== undefined || auth.type !== 'none' || settings.socket !== undefined)
    throw misconfigured(id, 'settings.uri stands beside host, auth or settings.socket; only one can be meant', 'uri');
  const grammar = { id, schemes: ['mysql', 'mariadb'], parameters: ['socket', 'ssl-mode'] } as const;
  const { parameters, ...given } = parseConnectionUri(settings.uri, grammar);
  const socket = parameters.get('socket');
  const mode = parameters.get('ssl-mode');
  if (mode !== undefined && !Object.hasOwn(ENCRYPTED, mode))
    throw misconfigured(
      id,
      `settings.uri has ssl-mode=${mode}; here it is ${Object.keys(ENCRYPTED).join(', ')}`,
      'uri',
    );
  return {
    ...own,
    ...given,
    ...(socket === undefined ? {} : { socket }),
    ...(mode === undefined ? {} : { tls: ENCRYPTED[mode] === true ? (config.tls ?? {}) : undefined }),
  };
}

function misconfigured(id: string, what: string, reason: string): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${what}; the operator must act`, { details: { reason } });
}

/** A socket that breaks as soon as the other side shows that it is no MySQL, instead of waiting for more of it. */
function openSocket({ host, port, socket: path }: Login, label: string): Socket {
  const socket = new Socket();
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  socket.once('data', (bytes: Buffer) => {
    if (isGreeting(bytes)) return;
    socket.destroy(
      new UpstreamError(`${label} did not answer as MySQL does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  // For addresses TLS takes the name to compare from here, and without it would take `localhost`.
  Object.defineProperty(socket, '_host', { value: host, writable: true, configurable: true });
  return path === undefined ? socket.connect(port, host) : socket.connect(path);
}

/** The first packet is a greeting of version 10, or an error. */
function isGreeting(bytes: Buffer): boolean {
  if (bytes.length < 5) return false;
  const short = bytes.readUIntLE(0, 3) < 4096;
  return short && bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 255);
}
