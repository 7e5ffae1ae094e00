import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { soundsSecret } from '../config/secret-name.ts';

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
  if (schemas.some((schema) => schema['writeOnly'] === true)) return replaceLeaves(value, replace);
  if (Array.isArray(value)) {
    return value.map((item, index) => {
      const below = schemas.flatMap(({ items, prefixItems }) =>
        Array.isArray(prefixItems) && index < prefixItems.length ? [prefixItems[index]] : [items],
      );
      return replaceMarked(item, below.filter(isJsonObject), root, replace);
    });
  }
  if (!isJsonObject(value)) return value;
  return mapFields(value, (key, field) => {
    const below = schemas.flatMap((schema) => fieldSchemas(schema, key));
    const isOpen = branchesOf(below, root).some((schema) => schema['writeOnly'] === false || 'x-local-path' in schema);
    const items = Array.isArray(field) ? field : [field];
    return soundsSecret(key) && !isOpen && items.every((item) => /^(?:string|number)$/.test(typeof item))
      ? replaceLeaves(field, replace)
      : replaceMarked(field, below, root, replace);
  });
}

function fieldSchemas(schema: JsonSchema, key: string): readonly JsonSchema[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const named = isJsonObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const like = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, sub]) => (new RegExp(pattern, 'u').test(key) ? [sub] : []))
    : [];
  const all = [...named, ...like];
  return (all.length > 0 ? all : [additionalProperties]).filter(isJsonObject);
}

/** The schemas, what they refer to, and the branches that they choose from; each once, as they may go in circles. */
function branchesOf(given: readonly JsonSchema[], root: JsonSchema): readonly JsonSchema[] {
  const all = new Set(given);
  for (const schema of all) {
    for (const key of ['anyOf', 'oneOf', 'allOf'] as const)
      for (const branch of Array.isArray(schema[key]) ? schema[key] : []) if (isJsonObject(branch)) all.add(branch);
    const target = typeof schema['$ref'] === 'string' ? resolvePointer(schema['$ref'], root) : undefined;
    if (target !== undefined) all.add(target);
  }
  return [...all];
}

function resolvePointer(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (!reference.startsWith('#')) return undefined;
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    target = isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  }
  return isJsonObject(target) ? target : undefined;
}

function mapFields(value: JsonObject, map: (key: string, field: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, map(key, field)]));
}
