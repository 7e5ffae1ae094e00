import { Socket } from 'node:net';
import { ConfigInvalidError, readTls, UpstreamError } from '@automate/sdk';
import type { ConnectorContext, JsonObject, ResolvedConfig } from '@automate/sdk';
import { parseConnectionUri } from './connection-uri.ts';

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
  /** Further parameters of a URI that mean something. */
  readonly parameters: readonly string[];
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
 * What configuration and settings say, and the parameters of the URI if there is one.
 *
 * @throws ConfigInvalidError for what contradicts itself or means nothing here.
 */
export function readLogin(
  { port, schemes, sslMode: [sslMode, modes], parameters }: ServerKind,
  { id, config }: ConnectorContext,
  { uri, socket, user, database }: LoginSettings,
): Login & { readonly parameters: ReadonlyMap<string, string> } {
  const { auth, host, tls } = config;
  const refuse = (what: string): never => {
    throw misconfigured(id, what, { reason: 'uri' });
  };
  const own = {
    host: (host ?? 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: config.port ?? port,
    user: auth.type === 'basic' ? (auth.username ?? '') : user,
    tls,
    ...(auth.password === undefined ? {} : { password: auth.password.reveal() }),
    ...(socket === undefined ? {} : { socket }),
    ...(database === undefined ? {} : { database }),
    parameters: new Map<string, string>(),
  };
  if (uri === undefined) return own;
  if (host !== undefined || auth.type !== 'none' || socket !== undefined)
    refuse('settings.uri stands beside host, auth or settings.socket; only one can be meant');
  const given = parseConnectionUri(uri, { id, schemes, parameters: [sslMode, ...parameters] });
  const mode = given.parameters.get(sslMode);
  if (mode === undefined) return { ...own, ...given };
  if (!Object.hasOwn(modes, mode))
    refuse(`settings.uri has ${sslMode}=${mode}; here it is ${Object.keys(modes).join(', ')}`);
  if (modes[mode] === false && tls !== undefined)
    refuse(`settings.uri has ${sslMode}=${mode} beside tls; only one of them can be meant`);
  return { ...own, ...given, tls: modes[mode] === true ? (tls ?? {}) : undefined };
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
export function labelOf({ host, port, socket }: Pick<Login, 'host' | 'port' | 'socket'>): string {
  return socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A socket that breaks as soon as the other side shows that it is no such server, instead of waiting for more of it. */
export function createSocket({ name, isAnswer }: ServerKind, label: string): Socket {
  const socket = new Socket();
  socket.once('data', (bytes: Buffer) => {
    if (isAnswer(bytes)) return;
    socket.destroy(
      new UpstreamError(`${label} did not answer as ${name} does; check host and port of the connector`, {
        retryable: false,
        effect: 'none',
        details: { reason: 'bad_answer' },
      }),
    );
  });
  return socket;
}
