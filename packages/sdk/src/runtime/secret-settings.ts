import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { isSecretKey } from '../secret-key.ts';
import { branchesOf, schemasBelow } from './schema-places.ts';

/**
 * The settings with what their schema marks as `writeOnly`, and everything beneath, replaced by `replace`. A branch of
 * `anyOf` and the like is enough to mark: which of them holds is for the schema's own library to say. Texts and numbers
 * whose name sounds secret are marked too, unless the schema says `writeOnly: false`, or that they are paths.
 */
export function replaceSecretSettings(
  settings: JsonObject,
  schema: JsonSchema | undefined,
  replace: (leaf: JsonValue) => JsonValue,
): JsonObject {
  return replaceMarked(settings, [schema ?? {}], schema ?? {}, replace) as JsonObject;
}

/** What `replaceSecretSettings` would replace. */
export function secretSettings(settings: JsonObject, schema: JsonSchema | undefined): readonly string[] {
  const found: string[] = [];
  replaceSecretSettings(settings, schema, (leaf) => {
    if (typeof leaf === 'string' || typeof leaf === 'number') found.push(String(leaf));
    return leaf;
  });
  return found;
}

/** Whether the schema marks the setting at this place, or one around it, as `writeOnly`. */
export function isSecretSetting(schema: JsonSchema, keys: readonly string[]): boolean {
  let schemas = branchesOf([schema], schema);
  for (const key of keys) {
    if (schemas.some(isMarked)) return true;
    const items = /^\d+$/.test(key) ? schemasBelow(schemas, Number(key)) : [];
    schemas = branchesOf([...schemasBelow(schemas, key), ...items], schema);
  }
  return schemas.some(isMarked);
}

/** Every leaf replaced. */
export function replaceLeaves(value: JsonValue, replace: (leaf: JsonValue) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item) => replaceLeaves(item, replace));
  if (!isJsonObject(value)) return replace(value);
  return mapFields(value, (_key, field) => replaceLeaves(field, replace));
}

function replaceMarked(
  value: JsonValue,
  given: readonly JsonSchema[],
  root: JsonSchema,
  replace: (leaf: JsonValue) => JsonValue,
): JsonValue {
  const schemas = branchesOf(given, root);
  if (schemas.some(isMarked)) return replaceLeaves(value, replace);
  if (Array.isArray(value)) {
    return value.map((item, index) => replaceMarked(item, schemasBelow(schemas, index), root, replace));
  }
  if (!isJsonObject(value)) return value;
  return mapFields(value, (key, field) => {
    const below = schemasBelow(schemas, key);
    const isOpen = branchesOf(below, root).some((schema) => schema['writeOnly'] === false || 'x-local-path' in schema);
    const items = Array.isArray(field) ? field : [field];
    return isSecretKey(key, 'value') && !isOpen && items.every((item) => /^(?:string|number)$/.test(typeof item))
      ? replaceLeaves(field, replace)
      : replaceMarked(field, below, root, replace);
  });
}

function isMarked(schema: JsonSchema): boolean {
  return schema['writeOnly'] === true;
}

function mapFields(value: JsonObject, map: (key: string, field: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, map(key, field)]));
}
