import type { AuthConfig } from '@automate/contract';

/** Headers that say how an answer is wanted, or for whom; their values stand in good answers, too. */
const OPEN_HEADER =
  /^(?:accept|accept-.*|cache-control|content-type|content-language|pragma|prefer|user-agent|x-requested-with|x-scope-orgid|.*-version)$/i;
const SCHEME = /^[A-Za-z][\w-]*\s+(?<credential>\S+)$/;

/** The credentials in `auth`, references or not. Names of users and clients are no secrets. */
export function literalSecrets(auth: AuthConfig): readonly string[] {
  const headers = Object.entries(auth.headers ?? {}).flatMap(([name, value]) => {
    if (OPEN_HEADER.test(name)) return [];
    const credential = SCHEME.exec(value)?.groups?.credential;
    return credential === undefined ? [value] : [value, credential];
  });
  const given = [auth.password, auth.token, auth.apiKey, auth.clientSecret, ...Object.values(auth.tokenParams ?? {})];
  return [...given, ...headers].filter((value) => value !== undefined);
}

/** The password in the URL of a proxy, as it is written there and as it is meant. */
export function proxyPassword(proxy: string | undefined): readonly string[] {
  const password = URL.parse(proxy ?? '')?.password ?? '';
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
