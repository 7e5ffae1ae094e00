import { ConfigInvalidError } from '@automate/sdk';

/** What a connection URI says; what it leaves out is absent. */
export interface ConnectionUri {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface UriGrammar {
  /** The connector's id, for messages. */
  readonly id: string;
  /** The first one is named in messages. */
  readonly schemes: readonly [string, ...string[]];
  /** Names of the parameters that mean something here. */
  readonly parameters: readonly string[];
}

/**
 * Reads `settings.uri`. Characters with a meaning of their own are written as codes there: `%40`.
 *
 * @throws ConfigInvalidError that never shows the password.
 */
export function parseConnectionUri(uri: string, { id, schemes, parameters }: UriGrammar): ConnectionUri {
  const refuse = (why: string): never => {
    throw new ConfigInvalidError(`connector "${id}": settings.uri ${why}; the operator must act`, {
      details: { reason: 'uri' },
    });
  };
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
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined)
    refuse(`has the parameter "${unknown}"; here it may have ${parameters.join(', ')}, the rest are settings and tls`);
  const parts = {
    host: decode(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.slice(1)),
  };
  return {
    ...Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== '')),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    parameters: new Map(url.searchParams),
  };
}
