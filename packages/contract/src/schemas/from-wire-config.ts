import type { ConnectorConfigInput } from '../connector.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { parseDuration } from './duration.ts';

/** The sections whose keys are ours to translate. Maps that users fill pass untouched. */
const SECTIONS = new Set(['auth', 'tls', 'health_check', 'limits', 'retry']);
/** Keys whose values are durations, per section. */
const DURATIONS: Readonly<Record<string, readonly string[]>> = {
  health_check: ['interval', 'timeout'],
  limits: ['timeout', 'start_timeout'],
  retry: ['backoff', 'max_backoff'],
};

/**
 * A checked configuration of the YAML's shape as a caller gives it to the port: what was left out stays out, so that the
 * host's own defaults, and later ones, take effect.
 */
export function fromWireConfig(config: JsonObject): ConnectorConfigInput {
  const entries = Object.entries(config).map(([key, value]): [string, JsonValue] => [
    toCamelCase(key),
    SECTIONS.has(key) && isJsonObject(value) ? sectionFromWire(value, DURATIONS[key] ?? []) : value,
  ]);
  return Object.fromEntries(entries) as unknown as ConnectorConfigInput;
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
