import type { ConnectionOptions } from 'node:tls';
import { ConfigInvalidError, ConnectorError, readTls } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { createClient, RedisClient, RESP_TYPES } from '@redis/client';
import type { RedisSettings } from './config.ts';
import { ReplyCutter } from './reply-cutter.ts';

export type Client = ReturnType<typeof makeClient>;

/** Where a server is and who we are there. */
export interface Server {
  /** For messages: `Redis at cache.internal:6379`. */
  readonly name: string;
  readonly socket: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

/**
 * Where a connector's server is: `settings.url`, `settings.socket_path`, or the configuration's host and port.
 *
 * @throws ConfigInvalidError for a URL that is none, or where two of them are given.
 */
export function serverOf(context: ConnectorContext, settings: RedisSettings): Server {
  const { host, port, scheme, auth } = context.config;
  const given = [settings.url && 'settings.url', settings.socket_path && 'settings.socket_path', host && 'host'];
  const [first, second] = given.filter((each) => each !== undefined && each !== '');
  if (second !== undefined)
    throw serverInvalid(context, `has both ${first} and ${second}; keep one of them`, { reason: 'endpoint' });
  if (auth.type !== 'none' && auth.type !== 'basic')
    throw serverInvalid(context, `auth.type is ${auth.type}; Redis knows basic (user and password) and none`, {
      reason: 'auth_type',
    });
  const user =
    auth.type === 'basic' ? { username: auth.username ?? 'default', password: auth.password?.reveal() ?? '' } : {};
  if (settings.url !== undefined) {
    const parsed = parseUrl(context, settings.url);
    return { ...parsed, ...user, database: parsed.database ?? settings.database };
  }
  const { database } = settings;
  if (settings.socket_path !== undefined)
    return {
      ...at({ path: context.files.locate(settings.socket_path, { field: 'settings.socket_path' }) }),
      tls: false,
      ...user,
      database,
    };
  // Brackets belong to URLs; sockets take the bare address.
  const bare = (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1');
  return { ...at({ host: bare, port: port ?? 6379 }), tls: scheme === 'rediss', ...user, database };
}

function at(socket: Server['socket']): Pick<Server, 'name' | 'socket'> {
  if ('path' in socket) return { name: `Redis at ${socket.path}`, socket };
  const { host, port } = socket;
  return { name: `Redis at ${host.includes(':') ? `[${host}]` : host}:${port}`, socket };
}

/** As the driver reads it: `redis[s]://[user[:password]@]host[:port][/database]` or `unix://[…@]/path[?db=n]`. */
function parseUrl(context: ConnectorContext, url: string): Omit<Server, 'database'> & { database?: number } {
  try {
    const { socket, username, password, database } = RedisClient.parseURL(url);
    const { host = 'localhost', port = 6379, path: named } = socket as { host?: string; port?: number; path?: string };
    const path = named === undefined ? undefined : context.files.locate(named, { field: 'settings.url' });
    return {
      ...at(path === undefined ? { host: host === '' ? 'localhost' : host, port } : { path }),
      tls: socket?.tls ?? false,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(database === undefined ? {} : { database }),
    };
  } catch (error) {
    if (ConnectorError.is(error)) throw error;
    // The driver's message would show the password.
    throw serverInvalid(
      context,
      'settings.url is no URL of a Redis, such as redis://user:password@host:6379/0; encode what is odd in the password as in any URL (%40 for @)',
      { reason: 'url' },
    );
  }
}

function serverInvalid({ id }: ConnectorContext, what: string, details: { reason: string }): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${what}; the operator must act`, { details });
}

/** What encrypts the connection; undefined for none. */
export async function tlsOf({ config }: ConnectorContext, server: Server): Promise<ConnectionOptions | undefined> {
  return (await readTls(config)) ?? (server.tls ? {} : undefined);
}

export function makeClient(server: Server, tls: ConnectionOptions | undefined, connectTimeout: number) {
  const { username, password, database, socket } = server;
  const client = createClient({
    RESP: 2,
    // Servers that know only a password refuse a name with it; others take it without one as that of `default`.
    ...(username === undefined || username === 'default' ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    // What is tried again, and when, is for the host to decide.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: {
      // How long a call may wait is the call's own affair.
      timeout: 0,
      // Bytes as bytes, states too, and whole numbers as text, which loses none of their digits.
      typeMapping: {
        [RESP_TYPES.BLOB_STRING]: Buffer,
        [RESP_TYPES.SIMPLE_STRING]: Buffer,
        [RESP_TYPES.NUMBER]: String,
      },
    },
    socket: {
      ...socket,
      ...(tls === undefined ? {} : { ...tls, tls: true as const }),
      reconnectStrategy: false,
      connectTimeout,
    },
  });
  // The driver holds whole replies and has no limit: what no answer can hold must not reach it.
  const cutter = new ReplyCutter();
  const { decoder } = client._getQueue();
  const write = decoder.write.bind(decoder);
  decoder.write = (chunk: Buffer) => cutter.cut(chunk).forEach(write);
  return client;
}
