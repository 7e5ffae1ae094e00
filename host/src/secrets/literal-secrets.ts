import type { ConnectorConfig, JsonObject, JsonValue } from '@automate/contract';
import { CONNECTOR_FIELDS, rowsOf } from '@automate/contract/schemas';
import type { Fields } from '@automate/contract/schemas';
import { secretsInUrl } from './url-secrets.ts';

/** Headers that are no credentials: they say how an answer is wanted, and good answers contain their values. */
const OPEN_HEADER =
  /^(?:accept|accept-.*|cache-control|content-type|content-language|pragma|prefer|user-agent|x-requested-with|x-scope-orgid|.*-version)$/i;
const SCHEME = /^[A-Za-z][\w-]*\s+(?<credential>\S+)$/;

/** The credentials that a resolved configuration holds, wherever they stand. Names of users and clients are no secrets. */
export function literalSecrets(config: ConnectorConfig): readonly string[] {
  return [...secretsIn(config, CONNECTOR_FIELDS), ...textsOf(config.settings).flatMap(secretsInUrl)];
}

function secretsIn(section: object, fields: Fields): readonly string[] {
  return rowsOf(fields).flatMap(([name, row]) => {
    const value = (section as JsonObject)[name];
    if (value === undefined) return [];
    if (row.kind === 'section') return secretsIn(value as JsonObject, row.fields);
    if (row.url === true) return secretsInUrl(value as string);
    if (row.secret !== true) return [];
    return name === 'headers' ? headerSecrets(value as Readonly<Record<string, string>>) : textsOf(value);
  });
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
