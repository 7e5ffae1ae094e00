import type { ConnectorConfigInput, JsonObject, JsonValue } from '@automate/contract';
import { configRefused, isJsonObject, requireConfig } from '@automate/contract';
import { parseConnectorConfig, parseDuration } from '@automate/contract/schemas';
import { parseJsonText } from './json-text.ts';

/** The sections whose keys are ours to translate. Maps that users fill pass untouched. */
const SECTIONS = new Set(['auth', 'tls', 'health_check', 'limits', 'retry']);
/** Keys whose values are durations, per section. */
const DURATIONS: Readonly<Record<string, readonly string[]>> = {
  health_check: ['interval', 'timeout'],
  limits: ['timeout', 'start_timeout'],
  retry: ['backoff', 'max_backoff'],
};

/**
 * A request's body as the configuration that it holds, or INVALID_INPUT with every problem. What the caller left out
 * stays out, so that the host's own defaults, and later ones, take effect.
 *
 * @param id the id of the route, where it names one; the body may repeat it but not contradict it
 */
export function readConfigBody(text: string, id?: string): ConnectorConfigInput {
  const value = withId(text === '' ? {} : parseJsonText(text), id);
  requireConfig(value);
  const parsed = parseConnectorConfig(value, { allowReferences: false });
  if (!parsed.ok) throw configRefused((value as JsonObject)['id'], parsed.problems);
  return fromWireConfig(value as JsonObject) as unknown as ConnectorConfigInput;
}

function withId(value: JsonValue, id: string | undefined): JsonValue {
  if (id === undefined || !isJsonObject(value)) return value;
  const given = value['id'];
  if (given === undefined) return { id, ...value };
  if (given === id) return value;
  const problem = {
    path: 'id',
    expected: `"${id}", as in the route, or nothing`,
    received: JSON.stringify(given).slice(0, 80),
  };
  throw configRefused(id, [problem]);
}

/** The reverse of `toWireConfig`, for values that have been checked. */
export function fromWireConfig(config: JsonObject): JsonObject {
  const entries = Object.entries(config).map(([key, value]): [string, JsonValue] => [
    toCamelCase(key),
    SECTIONS.has(key) && isJsonObject(value) ? sectionFromWire(value, DURATIONS[key] ?? []) : value,
  ]);
  return Object.fromEntries(entries);
}

function sectionFromWire(section: JsonObject, durations: readonly string[]): JsonObject {
  const entries = Object.entries(section).map(([key, value]): [string, JsonValue] =>
    durations.includes(key) && typeof value === 'string'
      ? [`${toCamelCase(key)}Ms`, parseDuration(value) ?? value]
      : [toCamelCase(key), value],
  );
  return Object.fromEntries(entries);
}

function toCamelCase(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
