import type { AuthConfig, AuthType } from '@automate/contract';
import type { ResolvedAuth } from '../connector-context.ts';
import { Secret } from '../secret.ts';

/** Fields that a profile's secrets fill where `auth` leaves them out, by what the profile calls them. */
const FILLED = {
  none: {},
  basic: { username: 'username', password: 'password' },
  bearer: { token: 'token' },
  api_key: { api_key: 'apiKey' },
  oauth2: { token_url: 'tokenUrl', client_id: 'clientId', client_secret: 'clientSecret' },
} as const satisfies Record<AuthType, Readonly<Record<string, keyof AuthConfig>>>;

/** `auth` with its gaps filled from the profile and every secret wrapped. */
export function resolveAuth(given: AuthConfig, profileSecrets: Readonly<Record<string, string>>): ResolvedAuth {
  const { password, token, apiKey, clientSecret, headers, tokenParams, ...plain } = fill(given, profileSecrets);
  return {
    ...plain,
    ...(password === undefined ? {} : { password: new Secret(password) }),
    ...(token === undefined ? {} : { token: new Secret(token) }),
    ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
    ...(clientSecret === undefined ? {} : { clientSecret: new Secret(clientSecret) }),
    ...(headers === undefined ? {} : { headers: wrapAll(headers) }),
    ...(tokenParams === undefined ? {} : { tokenParams: wrapAll(tokenParams) }),
  };
}

/** Every value as a `Secret`. */
export function wrapAll(values: Readonly<Record<string, string>>): Readonly<Record<string, Secret>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Secret(value)]));
}

function fill(auth: AuthConfig, secrets: Readonly<Record<string, string>>): AuthConfig {
  const absent = Object.entries(FILLED[auth.type]).filter(
    ([name, field]) => auth[field] === undefined && Object.hasOwn(secrets, name),
  );
  return { ...auth, ...Object.fromEntries(absent.map(([name, field]) => [field, secrets[name]])) };
}
