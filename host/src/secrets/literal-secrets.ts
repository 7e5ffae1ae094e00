import type { AuthConfig, ConnectorConfig, JsonValue } from '@automate/contract';
import { secretsInUrl } from './url-secrets.ts';

/** Headers that say how an answer is wanted, or for whom; their values stand in good answers, too. */
const OPEN_HEADER =
  /^(?:accept|accept-.*|cache-control|content-type|content-language|pragma|prefer|user-agent|x-requested-with|x-scope-orgid|.*-version)$/i;
const SCHEME = /^[A-Za-z][\w-]*\s+(?<credential>\S+)$/;

/** The credentials that a resolved configuration holds, wherever they stand. Names of users and clients are no secrets. */
export function literalSecrets({ auth, settings, basePath, proxy }: ConnectorConfig): readonly string[] {
  const urls = [basePath, proxy, auth.tokenUrl, ...textsOf(settings)].filter((text) => text !== undefined);
  return [...authSecrets(auth), ...urls.flatMap(secretsInUrl)];
}

function authSecrets(auth: AuthConfig): readonly string[] {
  const given = [auth.password, auth.token, auth.apiKey, auth.clientSecret, ...Object.values(auth.tokenParams ?? {})];
  return [...given, ...headerSecrets(auth.headers ?? {})].filter((value) => value !== undefined);
}

/** The values of headers as they are sent, and without their scheme. */
export function headerSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (OPEN_HEADER.test(name)) return [];
    const credential = SCHEME.exec(value)?.groups?.credential;
    return credential === undefined ? [value] : [value, credential];
  });
}

function textsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
