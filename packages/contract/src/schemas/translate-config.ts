import type { ConnectorConfigInput } from '../config-types.ts';
import { CONNECTOR_FIELDS, mapValues, rowsOf, wireName } from '../field-table.ts';
import type { Fields } from '../field-table.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { formatDuration, parseDuration } from './duration.ts';

/**
 * A checked configuration of the YAML's shape as a caller gives it to the port: what was left out stays out, so that the
 * host's own defaults, and later ones, take effect.
 */
export function fromWireConfig(wire: JsonObject): ConnectorConfigInput {
  return fromWire(wire, CONNECTOR_FIELDS) as unknown as ConnectorConfigInput;
}

function fromWire(wire: JsonObject, fields: Fields): JsonObject {
  const entries = rowsOf(fields).flatMap(([name, field]): [string, JsonValue][] => {
    const value = wire[wireName(name, field)];
    // As in a message, where it cannot be told from nothing.
    if (value === undefined || (field.kind !== 'section' && field.fallback === undefined && isEmpty(value))) return [];
    if (field.kind === 'section' && isJsonObject(value)) return [[name, fromWire(value, field.fields)]];
    if (field.kind === 'sections' && isJsonObject(value)) return [[name, eachSection(value, field.fields, fromWire)]];
    return [[name, field.kind === 'duration' ? (parseDuration(value as string) ?? value) : value]];
  });
  return Object.fromEntries(entries);
}

function eachSection(
  map: JsonObject,
  fields: Fields,
  translate: (section: JsonObject, fields: Fields) => JsonObject,
): JsonObject {
  return mapValues(map, (section) => (isJsonObject(section) ? translate(section, fields) : (section as JsonValue)));
}

function isEmpty(value: JsonValue): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/**
 * A configuration of the port in the YAML's shape: snake_case, milliseconds as durations. Takes what a caller gives as
 * well as a full configuration. Checks nothing: what cannot be translated passes as it is, so that
 * `parseConnectorConfig` can say what is wrong with it in the YAML's words.
 */
export function toWireConfig(config: ConnectorConfigInput): JsonObject {
  const input: unknown = config;
  return isJsonObject(input) ? toWire(input, CONNECTOR_FIELDS) : (input as JsonObject);
}

function toWire(map: JsonObject, fields: Fields): JsonObject {
  const entries = Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, JsonValue] => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field === undefined) return [wireName(name, { kind: 'flag' }), value];
      if (field.kind === 'section' && isJsonObject(value)) return [wireName(name, field), toWire(value, field.fields)];
      if (field.kind === 'sections' && isJsonObject(value))
        return [wireName(name, field), eachSection(value, field.fields, toWire)];
      return [wireName(name, field), field.kind === 'duration' ? toDuration(value) : value];
    });
  return Object.fromEntries(entries);
}

function toDuration(value: JsonValue): JsonValue {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? formatDuration(value) : value;
}
