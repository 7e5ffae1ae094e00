import { Socket } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, JsonObject, ResolvedConfig } from '@automate/sdk';

/** How the servers of a database system are reached. */
export interface ServerKind {
  /** For messages. */
  readonly name: string;
  readonly port: number;
  /** Of connection URIs; the first one is named in messages. */
  readonly schemes: readonly [string, ...string[]];
  /**
   * The parameter of a URI that speaks of TLS, and whether its values ask for it. Where they do, the certificate is
   * checked, as far as `tls` does not say otherwise.
   */
  readonly sslMode: readonly [parameter: string, values: Readonly<Record<string, boolean>>];
  /** Further parameters of a URI that mean something: what they are called is what they say. */
  readonly parameters: readonly (keyof Login)[];
  /** The socket that a path stands for. Default: the path itself. */
  readonly socketOf?: (path: string, port: number) => string;
  /** Whether such a server may begin so. */
  readonly isAnswer: (bytes: Buffer) => boolean;
}

/** Where a server is, who we are there, and how far it is trusted. */
export interface Login {
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, in place of the two. */
  readonly socket?: string;
  readonly user: string;
  readonly password?: string;
  readonly database?: string;
  readonly tls: ResolvedConfig['tls'];
}

interface LoginSettings {
  readonly uri?: string | undefined;
  readonly socket?: string | undefined;
  readonly user: string;
  readonly database?: string | undefined;
}

/**
 * What configuration and settings say. The host of a URI may be the path of a socket, too.
 *
 * @throws ConfigInvalidError for what contradicts itself or means nothing here.
 */
export function readLogin(
  kind: ServerKind,
  { id, config, files }: ConnectorContext,
  { uri, socket, user, database }: LoginSettings,
): Login {
  const { auth, host, port = kind.port, tls } = config;
  const refuse = (what: string): never => {
    throw misconfigured(id, `settings.uri ${what}`, { reason: 'uri' });
  };
  if (uri !== undefined && (host !== undefined || auth.type !== 'none' || socket !== undefined))
    refuse('stands beside host, auth or settings.socket; only one can be meant');
  const login: Login = {
    host: (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port,
    user: auth.type === 'basic' ? (auth.username ?? '') : user,
    tls,
    ...(auth.password === undefined ? {} : { password: auth.password.reveal() }),
    ...(socket === undefined ? {} : { socket }),
    ...(database === undefined ? {} : { database }),
    ...(uri === undefined ? {} : readUri(uri, kind, tls, refuse)),
  };
  const path = login.socket ?? (login.host.startsWith('/') ? login.host : undefined);
  if (path === undefined) return login;
  const field = uri === undefined ? 'settings.socket' : 'settings.uri';
  return { ...login, socket: files.locate(kind.socketOf?.(path, login.port) ?? path, { field }) };
}

/** What a connection URI says. Characters with a meaning of their own are written as codes there: `%40`. No message shows the password. */
function readUri(
  uri: string,
  { schemes, sslMode: [sslMode, modes], parameters }: ServerKind,
  tls: Login['tls'],
  refuse: (what: string) => never,
): Partial<Login> {
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return refuse('has a % that begins no code; write it as %25');
    }
  };
  const shape = `${schemes[0]}://user:password@host:port/database`;
  const url = URL.canParse(uri) ? new URL(uri) : refuse(`is no URI like ${shape}`);
  if (!schemes.includes(url.protocol.slice(0, -1))) refuse(`begins with ${url.protocol}, and not as ${shape} does`);
  const { [sslMode]: mode, ...given } = Object.fromEntries(url.searchParams);
  const known: readonly string[] = [sslMode, ...parameters];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined)
    refuse(`has the parameter "${unknown}"; here it may have ${known.join(', ')}, the rest are settings and tls`);
  if (mode !== undefined && !Object.hasOwn(modes, mode))
    refuse(`has ${sslMode}=${mode}; here it is ${Object.keys(modes).join(', ')}`);
  const encrypted = mode === undefined ? undefined : modes[mode];
  if (encrypted === false && tls !== undefined)
    refuse(`has ${sslMode}=${mode} beside tls; only one of them can be meant`);
  const parts = [
    ['host', decode(url.hostname).replace(/^\[(.*)\]$/, '$1')],
    ['user', decode(url.username)],
    ['password', decode(url.password)],
    ['database', decode(url.pathname.slice(1))],
    ...Object.entries(given),
  ];
  return {
    // What is empty says nothing.
    ...Object.fromEntries(parts.filter(([, text]) => text !== '')),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(encrypted === undefined ? {} : { tls: encrypted ? (tls ?? {}) : undefined }),
  };
}

/** TLS as sockets take it, for who is there with a user and a password, or with no more than a certificate. */
export async function readTrust(
  { name }: ServerKind,
  { id, config: { auth } }: ConnectorContext,
  { tls }: Login,
): ReturnType<typeof readTls> {
  if (auth.type === 'none' || auth.type === 'basic') return readTls({ id, tls });
  throw misconfigured(id, `auth.type is ${auth.type}; ${name} knows basic (user and password) and none`, {
    reason: 'auth_type',
  });
}

function misconfigured(id: string, what: string, details: JsonObject): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${what}; the operator must act`, { details });
}

/** The server's address, for messages. */
export function serverLabel({ host, port, socket }: Pick<Login, 'host' | 'port' | 'socket'>): string {
  return socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where the server is, as sockets take it. */
export function loginAddress({ host, port, socket }: Login): NetConnectOpts {
  return socket === undefined ? { host, port } : { path: socket };
}

/** A socket that breaks as soon as the other side shows that it is no such server, instead of waiting for more of it. */
export function createSocket({ name, isAnswer }: ServerKind, login: Login): Socket {
  const socket = new Socket();
  socket.once('data', (bytes: Buffer) => {
    if (isAnswer(bytes)) return;
    socket.destroy(
      new UpstreamError(`${serverLabel(login)} did not answer as ${name} does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  return socket;
}
