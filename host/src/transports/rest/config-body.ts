import type { ConnectorConfigInput, JsonObject, JsonValue, SetProfileRequest } from '@automate/contract';
import { isJsonObject, makeVisible, quote } from '@automate/contract';
import { configRefused, profileRefused, requireConfig } from '@automate/contract/service';
import { fromWireConfig, parseConnectorConfig } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

/**
 * A request's body as the configuration that it holds, or INVALID_INPUT with every problem. What the caller left out
 * stays out, so that the host's own defaults, and later ones, take effect.
 *
 * @param id the id of the route, where it names one; the body may repeat it but not contradict it
 */
export function readConfigBody(text: string, id?: string): ConnectorConfigInput {
  const value = withName(text === '' ? {} : parseJsonText(text), 'id', id);
  requireConfig(value);
  const parsed = parseConnectorConfig(value, { from: 'caller' });
  if (!parsed.ok) throw configRefused((value as JsonObject)['id'], parsed.problems);
  return fromWireConfig(value as JsonObject);
}

/** A request's body as the profile that it holds; what it may be is for the service to say. */
export function readProfileBody(text: string, name: string): SetProfileRequest {
  return withName(text === '' ? {} : parseJsonText(text), 'name', name) as unknown as SetProfileRequest;
}

function withName(value: JsonValue, key: 'id' | 'name', name: string | undefined): JsonValue {
  if (name === undefined || !isJsonObject(value)) return value;
  const given = value[key];
  if (given === undefined) return { [key]: name, ...value };
  if (given === name) return value;
  const problem = {
    path: key,
    expected: `${quote(name)}, as in the route, or nothing`,
    received: makeVisible(JSON.stringify(given).slice(0, 80)),
  };
  throw key === 'id' ? configRefused(name, [problem]) : profileRefused(name, [problem]);
}
