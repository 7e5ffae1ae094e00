import type { AuthConfig } from '@automate/contract';

/** Headers whose value is a credential; the rest (`Accept: application/json`) would only be scrubbed out of good answers. */
const SECRET_HEADER = /auth|token|key|secret|cookie|password|signature|credential/i;
const SCHEME = /^(?:bearer|basic|token|apikey)\s+(?<credential>\S+)$/i;

/** The credentials in `auth`, references or not. Names of users and clients are no secrets. */
export function literalSecrets(auth: AuthConfig): readonly string[] {
  const headers = Object.entries(auth.headers ?? {}).flatMap(([name, value]) => {
    if (!SECRET_HEADER.test(name)) return [];
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
