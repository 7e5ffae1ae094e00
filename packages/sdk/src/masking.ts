import type { AuthConfig, ConnectorConfig, JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject, MASKED_SECRET } from '@automate/contract';
import type { Schema } from './action.ts';
import type { ConnectorContext, ResolvedAuth } from './connector-context.ts';
import { toJsonSchema, writeOnlyPaths } from './json-schema.ts';
import { createRedactor } from './redact.ts';
import { Secret } from './secret.ts';

/** Every secret value that a started connector knows: of `auth`, of its profile, of settings that its schema marks. */
export function secretsOf(context: ConnectorContext, configSchema: Schema | undefined): readonly string[] {
  const marked = markedPaths(configSchema).flatMap((path) => valuesAt(context.settings, path));
  return [
    ...authSecrets(context.config.auth),
    ...proxySecrets(context.config.proxy),
    ...Object.values(context.profile?.secrets ?? {}).map((secret) => secret.reveal()),
    ...marked,
  ];
}

/** The secret values of an `auth`, and what goes over the wire for `basic`. */
export function authSecrets(auth: ResolvedAuth): readonly string[] {
  const { username, password, token, apiKey, clientSecret, headers, tokenParams } = auth;
  const basic =
    password === undefined ? [] : [Buffer.from(`${username ?? ''}:${password.reveal()}`).toString('base64')];
  const secrets = [
    password,
    token,
    apiKey,
    clientSecret,
    ...Object.values(headers ?? {}),
    ...Object.values(tokenParams ?? {}),
  ];
  return [...secrets.filter((secret) => secret !== undefined).map((secret) => secret.reveal()), ...basic];
}

/** The password in a proxy's URL, as it is written there and as it is meant. */
export function proxySecrets(proxy: string | undefined): readonly string[] {
  const { password = '', username = '' } = URL.parse(proxy ?? '') ?? {};
  if (password === '') return [];
  const [name, meant] = [decodeURIComponent(username), decodeURIComponent(password)];
  return [password, meant, Buffer.from(`${name}:${meant}`).toString('base64')];
}

/** The configuration as it may be shown. */
export function maskConfig(context: ConnectorContext, configSchema: Schema | undefined): ConnectorConfig {
  const { auth, ...rest } = context.config;
  const redactor = createRedactor(secretsOf(context, configSchema));
  let settings = rest.settings;
  for (const path of markedPaths(configSchema)) settings = maskAt(settings, path) as JsonObject;
  const plain = redactor.data({ ...rest, settings } as unknown as JsonObject);
  return { ...(plain as unknown as ConnectorConfig), auth: maskAuth(auth) };
}

function maskAuth(auth: ResolvedAuth): AuthConfig {
  const { headers, tokenParams, ...fields } = auth;
  const shown = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, Secret.is(value) ? MASKED_SECRET : value]),
  );
  return {
    ...shown,
    ...(headers === undefined ? {} : { headers: maskValues(headers) }),
    ...(tokenParams === undefined ? {} : { tokenParams: maskValues(tokenParams) }),
  } as unknown as AuthConfig;
}

function maskValues(map: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(map).map((name) => [name, MASKED_SECRET]));
}

function markedPaths(configSchema: Schema | undefined): readonly (readonly string[])[] {
  if (configSchema === undefined) return [];
  return writeOnlyPaths(toJsonSchema(configSchema, 'input', 'the configSchema'));
}

function valuesAt(value: JsonValue | undefined, path: readonly string[]): readonly string[] {
  const [key, ...rest] = path;
  if (value === undefined) return [];
  if (key === undefined) return leaves(value);
  if (key === '*') return Array.isArray(value) ? value.flatMap((item) => valuesAt(item, rest)) : [];
  return isJsonObject(value) && Object.hasOwn(value, key) ? valuesAt(value[key], rest) : [];
}

function leaves(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
}

function maskAt(value: JsonValue, path: readonly string[]): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return MASKED_SECRET;
  if (key === '*') return Array.isArray(value) ? value.map((item) => maskAt(item, rest)) : value;
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: maskAt(value[key] ?? null, rest) };
}
