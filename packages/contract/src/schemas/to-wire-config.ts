import type { ConnectorConfigInput } from '../connector.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { formatDuration } from './duration.ts';

/** The sections whose keys are ours to translate. Maps that users fill pass untouched. */
const SECTIONS = new Set(['auth', 'tls', 'healthCheck', 'limits', 'retry']);

/**
 * A configuration of the port in the YAML's shape: snake_case, milliseconds as durations. Takes what a caller gives as
 * well as a full configuration. Checks nothing: what cannot be translated passes as it is, so that
 * `parseConnectorConfig` can say what is wrong with it in the YAML's words.
 */
export function toWireConfig(config: ConnectorConfigInput): JsonObject {
  const input: unknown = config;
  return isMap(input) ? translate(input, SECTIONS) : (input as JsonObject);
}

function translate(map: JsonObject, sections: ReadonlySet<string>): JsonObject {
  const entries = Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]): [string, JsonValue] => {
      if (sections.has(key) && isMap(value)) return [toSnakeCase(key), translate(value, new Set())];
      if (key.endsWith('Ms') && sections.size === 0) return [toSnakeCase(key.slice(0, -2)), toDuration(value)];
      return [toSnakeCase(key), value];
    });
  return Object.fromEntries(entries);
}

function isMap(value: unknown): value is JsonObject {
  return isJsonObject(value);
}

function toSnakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toDuration(value: JsonValue): JsonValue {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? formatDuration(value) : value;
}
