import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonSchema, JsonValue } from '../json.ts';

/** What a kind asks of its connectors. */
export interface KindSettings {
  readonly kind: string;
  /** Of its settings. Absent: it takes any. */
  readonly settings?: JsonSchema;
}

/**
 * The JSON Schema of the configuration file, in which the settings of connectors and profiles are those of their kinds. A kind that is not
 * among them may have any.
 */
export function withKinds(schema: JsonObject, kinds: readonly KindSettings[]): JsonObject {
  const { properties } = schema;
  if (!isJsonObject(properties) || kinds.length === 0) return schema;
  const known = kinds.flatMap(({ kind, settings }) => (settings === undefined ? [] : [[kind, settings] as const]));
  const names = kinds.map(({ kind }) => kind);
  const definitions = known.flatMap(([kind, settings]) => {
    const { $schema: _dialect, ...whole } = settings;
    const { required: _needed, ...some } = whole;
    return [definition(`settings_of_${kind}`, whole), definition(`some_settings_of_${kind}`, some)];
  });
  const ofConnectors = (item: JsonObject): JsonObject => ({
    ...item,
    ...suggesting(item, names),
    allOf: known.map(([kind]) => ofConnector(kind)),
  });
  const ofProfiles = (item: JsonObject): JsonObject => ({ ...item, allOf: known.map(([kind]) => ofProfile(kind)) });
  return {
    ...schema,
    properties: {
      ...properties,
      connectors: within(properties['connectors'], 'items', ofConnectors),
      profiles: within(properties['profiles'], 'additionalProperties', ofProfiles),
    },
    $defs: Object.fromEntries(definitions),
  };
}

/** A connector without a kind is of the one that its id names. One with a profile need not say what that says. */
function ofConnector(kind: string): JsonObject {
  const named: JsonObject = { required: ['kind'], properties: { kind: { const: kind } } };
  const unnamed: JsonObject = { not: { required: ['kind'] }, properties: { id: { const: kind } } };
  return when(
    { anyOf: [named, unnamed] },
    when({ required: ['profile'] }, settingsAre(`some_settings_of_${kind}`), settingsAre(`settings_of_${kind}`)),
  );
}

function ofProfile(kind: string): JsonObject {
  return when({ required: ['kind'], properties: { kind: { const: kind } } }, settingsAre(`some_settings_of_${kind}`));
}

function settingsAre(name: string): JsonObject {
  return { properties: { settings: { $ref: `#/$defs/${name}` } } };
}

function when(condition: JsonObject, then: JsonObject, otherwise: JsonObject = {}): JsonObject {
  // oxlint-disable-next-line unicorn/no-thenable -- it is a word of JSON Schema, and nobody awaits it
  return { if: condition, then, else: otherwise };
}

/** Editors offer the kinds that there are, and take others. */
function suggesting({ properties }: JsonObject, kinds: string[]): JsonObject {
  if (!isJsonObject(properties)) return {};
  const offered = ['id', 'kind'].flatMap((name) => {
    const property = properties[name];
    return isJsonObject(property) ? [[name, { ...property, examples: kinds }] as const] : [];
  });
  return { properties: { ...properties, ...(Object.fromEntries(offered) as JsonObject) } };
}

/** What stands at `word` of a schema, or of the alternative that has it. */
function within(schema: JsonValue | undefined, word: string, change: (item: JsonObject) => JsonObject): JsonValue {
  if (!isJsonObject(schema)) return schema ?? {};
  const item = schema[word];
  if (isJsonObject(item)) return { ...schema, [word]: change(item) };
  const { anyOf } = schema;
  return Array.isArray(anyOf) ? { ...schema, anyOf: anyOf.map((each) => within(each, word, change)) } : schema;
}

/** References begin at the root of the file's schema, not of the kind's own. */
function definition(name: string, schema: JsonObject): readonly [string, JsonValue] {
  const moved = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(moved);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        key === '$ref' && typeof member === 'string' ? member.replace(/^#/, `#/$defs/${name}`) : moved(member),
      ]),
    );
  };
  return [name, moved(schema)];
}
