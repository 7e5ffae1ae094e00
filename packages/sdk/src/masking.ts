import type { AuthConfig, ConnectorConfig, JsonObject, JsonSchema } from '@automate/contract';
import { MASKED_SECRET } from '@automate/contract';
import type { Schema } from './action.ts';
import type { ConnectorContext, ResolvedAuth } from './connector-context.ts';
import { toJsonSchema } from './json-schema.ts';
import { createRedactor } from './redact.ts';
import { replaceSecretSettings, secretSettings } from './runtime/secret-settings.ts';
import { Secret } from './secret.ts';

/** Every secret value that a started connector knows: of `auth`, of its profile, of settings that its schema marks. */
export function secretsOf(context: ConnectorContext, configSchema: Schema | undefined): readonly string[] {
  return [
    ...authSecrets(context.config.auth),
    ...proxySecrets(context.config.proxy),
    ...Object.values(context.profile?.secrets ?? {}).map((secret) => secret.reveal()),
    ...secretSettings(context.settings, jsonSchemaOf(configSchema)),
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
  const settings = replaceSecretSettings(rest.settings, jsonSchemaOf(configSchema), () => MASKED_SECRET);
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

function jsonSchemaOf(configSchema: Schema | undefined): JsonSchema | undefined {
  return configSchema === undefined ? undefined : toJsonSchema(configSchema, 'input', 'the configSchema');
}
