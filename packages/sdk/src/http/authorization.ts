import { ConfigInvalidError } from '@automate/contract';
import type { ResolvedAuth } from '../connector-context.ts';
import type { Secret } from '../secret.ts';
import type { TokenSource } from './token-source.ts';

/** The headers that a connector's `auth` puts on a request. Names in lower case. */
export async function authorizationHeaders(
  id: string,
  auth: ResolvedAuth,
  tokens: TokenSource | undefined,
): Promise<Readonly<Record<string, string>>> {
  const extra: Record<string, string> = {};
  for (const [name, value] of Object.entries(auth.headers ?? {})) extra[name.toLowerCase()] = value.reveal();
  return { ...extra, ...(await credentialOf(id, auth, tokens)) };
}

async function credentialOf(
  id: string,
  auth: ResolvedAuth,
  tokens: TokenSource | undefined,
): Promise<Readonly<Record<string, string>>> {
  const need = (value: Secret | undefined, field: string): string => {
    if (value !== undefined) return value.reveal();
    throw new ConfigInvalidError(
      `connector "${id}" authorises by ${auth.type} and has no auth.${field}; the operator must set it`,
      {
        details: { reason: 'auth_incomplete' },
      },
    );
  };
  switch (auth.type) {
    case 'none':
      return {};
    case 'basic': {
      const pair = `${auth.username ?? ''}:${need(auth.password, 'password')}`;
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    }
    case 'bearer':
      return { authorization: `Bearer ${need(auth.token, 'token')}` };
    case 'api_key':
      return { [(auth.apiKeyHeader ?? 'X-API-Key').toLowerCase()]: need(auth.apiKey, 'api_key') };
    case 'oauth2':
      return tokens === undefined ? {} : { authorization: `Bearer ${await tokens.current()}` };
    default:
      return auth.type satisfies never;
  }
}
