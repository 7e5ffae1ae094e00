import type { ConnectorConfigInput, JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject, makeVisible, quote } from '@automate/contract';
import { configRefused, requireConfig } from '@automate/contract/service';
import { fromWireConfig, parseConnectorConfig } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

/**
 * A request's body as the configuration that it holds, or INVALID_INPUT with every problem. What the caller left out
 * stays out, so that the host's own defaults, and later ones, take effect.
 *
 * @param id the id of the route, where it names one; the body may repeat it but not contradict it
 */
export function readConfigBody(text: string, id?: string): ConnectorConfigInput {
  const value = withId(text === '' ? {} : parseJsonText(text), id);
  requireConfig(value);
  const parsed = parseConnectorConfig(value, { from: 'caller' });
  if (!parsed.ok) throw configRefused((value as JsonObject)['id'], parsed.problems);
  return fromWireConfig(value as JsonObject);
}

function withId(value: JsonValue, id: string | undefined): JsonValue {
  if (id === undefined || !isJsonObject(value)) return value;
  const given = value['id'];
  if (given === undefined) return { id, ...value };
  if (given === id) return value;
  const problem = {
    path: 'id',
    expected: `${quote(id)}, as in the route, or nothing`,
    received: makeVisible(JSON.stringify(given).slice(0, 80)),
  };
  throw configRefused(id, [problem]);
}
