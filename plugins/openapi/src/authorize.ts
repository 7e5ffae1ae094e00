import type { SecurityScheme } from '@automate/openapi';
import type { ConnectorContext, Problem } from '@automate/sdk';
import { ConfigInvalidError } from '@automate/sdk';
import { createTokenSource } from '@automate/sdk/exchange';
import type { Operation } from '@automate/openapi';
import type { Credentials, OpenApiSettings } from './config.ts';
import { hasCredentials } from './config.ts';

/** What authorises one request. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  /** `name=value`, encoded. */
  readonly query: readonly string[];
  readonly cookies: readonly string[];
  /** The remote system did not know who asks, though tokens were sent that may have ended before their time: the next are others. */
  refuse(): boolean;
}

/** Puts on requests what the document's security schemes want. */
export interface Authorizer {
  authorize(operation: Pick<Operation, 'security'>): Promise<Authorization>;
}

/** What a scheme adds to a request. */
type Apply = () => Promise<Partial<Omit<Authorization, 'refuse'>> & { readonly refuse?: () => void }>;

/**
 * @throws ConfigInvalidError for credentials of a scheme that the document has not, or that are not what their scheme wants: all at
 *   once
 */
export function createAuthorizer(
  settings: OpenApiSettings,
  schemes: Readonly<Record<string, SecurityScheme>>,
  context: Pick<ConnectorContext, 'id' | 'http' | 'secret'>,
): Authorizer {
  const problems: Problem[] = [];
  const applies = new Map<string, Apply>();
  for (const [name, given] of Object.entries(settings.credentials)) {
    const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined;
    const path = `settings.credentials.${name}`;
    const apply = scheme === undefined ? unknown(name, schemes) : applyOf(scheme, given, context);
    if (typeof apply === 'string') problems.push({ path, expected: apply, received: wordsOf(given) });
    else applies.set(name, apply);
  }
  if (problems.length > 0) {
    const all = problems.map(({ path, expected, received }) => `${path}: expected ${expected}, got ${received}`);
    throw new ConfigInvalidError(
      `the credentials of connector "${context.id}" are not what its document wants: ${all.join('; ')}`,
      {
        problems,
        details: { reason: 'auth_incomplete' },
      },
    );
  }
  return {
    async authorize({ security }) {
      const requirement = security.find((each) => Object.keys(each).every((name) => applies.has(name)));
      // Where none can be fulfilled, all that there is goes along: many a document forgets to say what an operation needs.
      const names = requirement === undefined && security.length === 0 ? [] : Object.keys(requirement ?? {});
      const parts = await Promise.all(names.flatMap((name) => applies.get(name)?.() ?? []));
      return {
        headers: Object.assign({}, ...parts.map(({ headers = {} }) => headers)) as Record<string, string>,
        query: parts.flatMap(({ query = [] }) => query),
        cookies: parts.flatMap(({ cookies = [] }) => cookies),
        refuse() {
          const tokens = parts.flatMap((part) => part.refuse ?? []);
          for (const refuse of tokens) refuse();
          return tokens.length > 0;
        },
      };
    },
  };
}

/** What applies the credentials; or in words what they should be. */
function applyOf(
  scheme: SecurityScheme,
  given: Credentials,
  context: Pick<ConnectorContext, 'id' | 'http' | 'secret'>,
): Apply | string {
  const { value, token, username, password, client_id: clientId, client_secret: clientSecret } = given;
  switch (scheme.type) {
    case 'api_key': {
      if (value === undefined) return '`value`, as its scheme is an API key';
      const { name } = scheme;
      const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
      if (scheme.in === 'header') return async () => ({ headers: { [name]: value } });
      return scheme.in === 'query'
        ? async () => ({ query: [pair] })
        : async () => ({ cookies: [`${name}=${encodeURIComponent(value)}`] });
    }
    case 'basic': {
      if (username === undefined || password === undefined) return '`username` and `password`, as its scheme is basic';
      const header = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      return async () => ({ headers: { authorization: header } });
    }
    case 'bearer':
      return token === undefined ? '`token`, as its scheme is bearer' : bearer(token);
    case 'oauth2': {
      if (token !== undefined) return bearer(token);
      const tokenUrl = given.token_url ?? scheme.tokenUrl;
      if (clientId === undefined || clientSecret === undefined)
        return '`token`, or `client_id` and `client_secret`, as its scheme is OAuth 2';
      if (tokenUrl === undefined || URL.parse(tokenUrl) === null || hasCredentials(tokenUrl))
        return '`token_url` as well: the document names no whole URL for client credentials';
      const source = createTokenSource(context, {
        type: 'oauth2',
        clientId,
        clientSecret: context.secret(clientSecret),
        tokenUrl,
        ...(given.scopes === undefined ? {} : { scopes: given.scopes }),
      });
      return async () => {
        const current = await source.current();
        return { headers: { authorization: `Bearer ${current}` }, refuse: () => source.refuse(current) };
      };
    }
    case 'other':
      return `nothing: ${scheme.what} is not spoken here`;
    default:
      return scheme satisfies never;
  }
}

function bearer(token: string): Apply {
  return async () => ({ headers: { authorization: `Bearer ${token}` } });
}

function unknown(name: string, schemes: Readonly<Record<string, SecurityScheme>>): string {
  const names = Object.keys(schemes);
  return names.length === 0
    ? 'nothing: the document has no security schemes'
    : `the name of a security scheme of the document, "${name}" being none: ${names.join(', ')}`;
}

/** Which credentials there are, not what they are. */
function wordsOf(given: Credentials): string {
  const names = Object.keys(given);
  return names.length === 0 ? 'nothing' : names.map((name) => `\`${name}\``).join(', ');
}
