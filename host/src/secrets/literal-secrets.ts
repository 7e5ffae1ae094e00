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
  return [auth.password, auth.token, auth.apiKey, auth.clientSecret, ...headers].filter((value) => value !== undefined);
}
