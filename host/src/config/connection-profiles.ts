import type { AuthConfig, ConnectorConfig, JsonObject } from '@automate/contract';
import { CONNECTOR_FIELDS, rowsOf, wireName } from '@automate/contract/schemas';
import type { ProfileConfig } from './host-config.ts';

/** The settings that a connector runs with: the profile's, with the connector's own over them, key by key. */
export function mergeSettings(config: ConnectorConfig, profile: ProfileConfig | undefined): JsonObject {
  return profile === undefined ? config.settings : { ...profile.settings, ...config.settings };
}

/** Fields of `auth` that a profile's secrets fill, by the name that the file gives them: those that some type needs. */
const AUTH_FIELDS = rowsOf(CONNECTOR_FIELDS.auth.fields).flatMap(([name, row]) =>
  row.needed === true ? [[wireName(name, row), name as keyof AuthConfig] as const] : [],
);

/** `auth` with the fields that are absent taken from secrets of their name. What the connector says itself stays. */
export function fillAuth(auth: AuthConfig, secrets: Readonly<Record<string, string>>): AuthConfig {
  if (auth.type === 'none') return auth;
  const filled = AUTH_FIELDS.flatMap(([name, field]) => {
    const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    return auth[field] === undefined && secret !== undefined ? [[field, secret] as const] : [];
  });
  return { ...auth, ...Object.fromEntries(filled) };
}
