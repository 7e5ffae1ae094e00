import { z } from 'zod';
import { isJsonObject } from '../json.ts';
import type { JsonObject, JsonSchema, JsonValue } from '../json.ts';
import { configFileSchema } from './config-file.ts';
import { connectorConfigSchema } from './connector-config.ts';
import type { KindSettings } from './kinds-json-schema.ts';
import { withKinds } from './kinds-json-schema.ts';

/** What a text with a variable in it looks like to an editor. */
const VARIABLE: JsonObject = { type: 'string', pattern: '\\$\\{[A-Za-z_]' };

/** And one with a reference to a secret in it, which settings may hold. */
const SECRET: JsonObject = { type: 'string', pattern: '^secretref://' };

/** JSON Schema (draft 2020-12) of one connector in the YAML's shape, as requests carry it. */
export function connectorConfigJsonSchema(): JsonSchema {
  return toJsonSchema(connectorConfigSchema);
}

/**
 * JSON Schema (draft 2020-12) of the configuration file for editors. Any value may be a `${VARIABLE}` instead.
 *
 * @param kinds whose settings it has. Settings of other kinds may be any. Default: none
 */
export function configFileJsonSchema(kinds: readonly KindSettings[] = []): JsonSchema {
  const schema = toJsonSchema(configFileSchema);
  const known = kinds.map(({ kind, settings }) => ({
    kind,
    ...(settings === undefined ? {} : { settings: allowVariables(settings, [SECRET]) as JsonObject }),
  }));
  const file = { $schema: schema.$schema ?? '', title: 'connectors.yaml', ...(allowVariables(schema) as JsonObject) };
  return withKinds(file, known);
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }) as JsonObject;
}

/** Every leaf that not just any text fits gets the alternative of a variable, which is replaced before it is checked. */
function allowVariables(schema: JsonValue, besides: readonly JsonObject[] = []): JsonValue {
  if (!isJsonObject(schema)) return schema;
  const walk = (value: JsonValue): JsonValue => allowVariables(value, besides);
  const { properties, additionalProperties, items, anyOf, ...rest } = schema;
  const walked: JsonObject = { ...rest };
  if (isJsonObject(properties ?? null)) {
    const entries = Object.entries(properties as JsonObject).map(([key, value]) => [key, walk(value)]);
    walked.properties = Object.fromEntries(entries) as JsonObject;
  }
  if (additionalProperties !== undefined) walked.additionalProperties = walk(additionalProperties);
  if (items !== undefined) walked.items = walk(items);
  if (Array.isArray(anyOf)) walked.anyOf = anyOf.map(walk);
  return isNarrowLeaf(walked)
    ? { ...annotations(walked), anyOf: [withoutAnnotations(walked), VARIABLE, ...besides] }
    : walked;
}

function isNarrowLeaf(schema: JsonObject): boolean {
  if (schema.type === 'integer' || schema.type === 'boolean' || schema.type === 'number') return true;
  return schema.type === 'string' && (schema.pattern !== undefined || schema.enum !== undefined);
}

const ANNOTATIONS = new Set(['description', 'default', 'title']);

function annotations(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => ANNOTATIONS.has(key)));
}

function withoutAnnotations(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !ANNOTATIONS.has(key)));
}
