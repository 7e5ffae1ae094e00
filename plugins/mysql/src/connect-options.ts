import { Socket } from 'node:net';
import { ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
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
}

/** The server's address, for messages. */
export function labelOf(context: ConnectorContext, settings: MysqlSettings): string {
  if (settings.uri !== undefined && !URL.canParse(settings.uri)) return 'settings.uri';
  const { host, port, socket } = loginOf(context, settings);
  return socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The driver's options for a connector. */
export async function connectOptions(context: ConnectorContext, settings: MysqlSettings): Promise<ConnectionOptions> {
  const { limits, tls: wanted } = context.config;
  const { type } = context.config.auth;
  if (type !== 'none' && type !== 'basic')
    throw misconfigured(
      context.id,
      `auth.type is ${type}; MySQL knows basic (user and password) and none`,
      'auth_type',
    );
  const login = loginOf(context, settings);
  const tls = await readTls({ id: context.id, tls: wanted });
  return {
    // Only the certificate is compared with it: the socket comes from us.
    host: wanted?.serverName ?? login.host,
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
    maxPreparedStatements: 50,
    connectTimeout: limits.startTimeoutMs,
    flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS'],
    stream: () => openSocket(login, labelOf(context, settings)),
  };
}

function loginOf({ id, config }: ConnectorContext, settings: MysqlSettings): Login {
  const { auth, host, port } = config;
  const own = {
    host: (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: port ?? 3306,
    user: auth.type === 'basic' ? (auth.username ?? '') : settings.user,
    password: auth.password?.reveal() ?? '',
    ...(settings.database === undefined ? {} : { database: settings.database }),
    ...(settings.socket === undefined ? {} : { socket: settings.socket }),
  };
  if (settings.uri === undefined) return own;
  if (host !== undefined || auth.type !== 'none')
    throw misconfigured(id, 'settings.uri stands beside host or auth; only one of them can be meant', 'uri');
  return { ...own, ...fromUri(id, settings.uri) };
}

/** What a connection URI says. Characters with a meaning of their own are written as `%40`. */
function fromUri(id: string, uri: string): Partial<Login> {
  // The message must not show the password.
  const refuse = (why: string): never => {
    throw misconfigured(id, `settings.uri ${why}`, 'uri');
  };
  const url = URL.canParse(uri) ? new URL(uri) : refuse('is no URI like mysql://user:password@host:3306/database');
  if (!/^(?:mysql|mariadb):$/.test(url.protocol)) refuse(`begins with ${url.protocol}, not with mysql://`);
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'socket');
  if (unknown !== undefined)
    refuse(`has the parameter "${unknown}"; only socket is known there, the rest are settings and tls`);
  const database = decode(url.pathname.slice(1), refuse);
  const socket = url.searchParams.get('socket');
  return {
    ...(url.hostname === '' ? {} : { host: decode(url.hostname, refuse).replace(/^\[(.*)\]$/, '$1') }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: decode(url.username, refuse) }),
    password: decode(url.password, refuse),
    ...(database === '' ? {} : { database }),
    ...(socket === null ? {} : { socket }),
  };
}

function decode(text: string, refuse: (why: string) => never): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('has a % that is no code; write it as %25');
  }
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
