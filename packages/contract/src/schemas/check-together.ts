import { CONNECTOR_FIELDS, rowsOf, wireName } from '../field-table.ts';
import { AUTH_TYPES, KIND_PATTERN } from '../connector.ts';
import type { AuthType } from '../connector.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { describeReceived } from './describe-received.ts';
import type { Finding } from './finding.ts';

const KIND_WANTED = 'the name of an installed kind, as the id is not one: "automate plugins list" shows them';

const AUTH_ROWS = rowsOf(CONNECTOR_FIELDS.auth.fields).map(([name, row]) => [wireName(name, row), row] as const);

/** The fields of `auth` that a type needs. A profile's secrets may bring them. */
export const AUTH_REQUIRED = Object.fromEntries(
  AUTH_TYPES.map((type) => [type, AUTH_ROWS.flatMap(([field, row]) => (row.of === type && row.needed ? [field] : []))]),
) as unknown as Readonly<Record<AuthType, readonly string[]>>;

/**
 * What several fields say together: each check looks only at fields that are of the right type by themselves, so that
 * it adds nothing to what the shape's check has said already.
 */
export function checkTogether(config: JsonObject, findings: Finding[], options: { readonly isFile: boolean }): void {
  if (config.id === 'health') {
    findings.push({ path: ['id'], expected: 'another id: "health" is a route of the REST API', received: '"health"' });
  }
  // For a registration the service reports it, as it knows the kinds.
  if (options.isFile && config.kind === undefined && typeof config.id === 'string' && !KIND_PATTERN.test(config.id)) {
    findings.push({ path: ['kind'], expected: KIND_WANTED, received: 'nothing' });
  }
  if (isJsonObject(config.auth ?? null)) checkAuth(config.auth as JsonObject, config.profile !== undefined, findings);
  if (isJsonObject(config.tls ?? null)) checkTls(config.tls as JsonObject, findings);
  if (isJsonObject(config.health_check ?? null)) checkHealthPath(config, config.health_check as JsonObject, findings);
}

function checkAuth(auth: JsonObject, hasProfile: boolean, findings: Finding[]): void {
  const type = auth.type ?? 'none';
  if (!isAuthType(type)) return;
  for (const field of AUTH_REQUIRED[type]) {
    if (auth[field] === undefined && !hasProfile) {
      findings.push({ path: ['auth', field], expected: `a value, as the type is ${type}`, received: 'nothing' });
    }
  }
  // A credential that is never sent is worse than an error: requests would go out without it.
  for (const [field, { of }] of AUTH_ROWS) {
    if (auth[field] !== undefined && of !== undefined && of !== type) {
      const expected = `nothing, as the type is ${type}, which does not use it`;
      findings.push({ path: ['auth', field], expected, received: describeReceived(auth[field], true) });
    }
  }
}

function isAuthType(type: JsonValue): type is AuthType {
  return typeof type === 'string' && Object.hasOwn(AUTH_REQUIRED, type);
}

function checkTls(tls: JsonObject, findings: Finding[]): void {
  for (const [field, other] of [
    ['cert_file', 'key_file'],
    ['key_file', 'cert_file'],
  ] as const) {
    if (tls[field] === undefined && tls[other] !== undefined) {
      findings.push({ path: ['tls', field], expected: `a file, as ${other} is given`, received: 'nothing' });
    }
  }
}

function checkHealthPath(config: JsonObject, health: JsonObject, findings: Finding[]): void {
  if (typeof health.path !== 'string') return;
  const received = describeReceived(health.path);
  const scheme = config.scheme ?? 'http';
  if (config.host === undefined) {
    findings.push({
      path: ['health_check', 'path'],
      expected: 'none without a host: there is nothing to ask',
      received,
    });
  } else if (typeof scheme === 'string' && scheme !== 'http' && scheme !== 'https') {
    findings.push({
      path: ['health_check', 'path'],
      expected: `none with the scheme ${scheme}: only http and https have paths`,
      received,
    });
  }
}
