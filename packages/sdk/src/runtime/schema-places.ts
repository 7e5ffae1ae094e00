import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** The words of a JSON Schema, also of older drafts, that have more schemas for the same value: as a list, by name, alone. */
const LISTS = ['allOf', 'anyOf', 'oneOf'] as const;
const MAPS = ['dependentSchemas', 'dependencies'] as const;
const SINGLES = ['if', 'then', 'else', 'not'] as const;
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'] as const;

/**
 * The schemas for one value, what they refer to within `root`, and the branches that they choose from: which of them holds
 * is for the schema's own library to say. Each stands once, as they may go in circles.
 */
export function branchesOf(given: readonly JsonSchema[], root: JsonSchema): readonly JsonSchema[] {
  const all = new Set(given);
  for (const schema of all) {
    const branches = [
      ...LISTS.flatMap((word) => (Array.isArray(schema[word]) ? schema[word] : [])),
      ...MAPS.flatMap((word) => valuesOf(schema[word])),
      ...SINGLES.map((word) => schema[word]),
      ...REFERENCES.map((word) => referred(root, schema[word])),
    ];
    for (const branch of branches) if (isJsonObject(branch)) all.add(branch);
  }
  return [...all];
}

/** The schemas that these may have for the member of this name, or the item at this place. */
export function schemasBelow(schemas: readonly JsonSchema[], key: string | number): readonly JsonSchema[] {
  return schemas
    .flatMap((schema) => (typeof key === 'number' ? itemSchemas(schema, key) : memberSchemas(schema, key)))
    .filter(isJsonObject);
}

function itemSchemas(schema: JsonSchema, index: number): readonly (JsonValue | undefined)[] {
  const { items, prefixItems, additionalItems, contains, unevaluatedItems } = schema;
  const [placed, others] = Array.isArray(items) ? [items, additionalItems] : [prefixItems, items];
  const isPlaced = Array.isArray(placed) && index < placed.length;
  return [...(isPlaced ? [placed[index]] : [others, unevaluatedItems]), contains];
}

function memberSchemas(schema: JsonSchema, key: string): readonly (JsonValue | undefined)[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const named = isJsonObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const like = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, sub]) => (mayMatch(pattern, key) ? [sub] : []))
    : [];
  const all = [...named, ...like];
  return all.length > 0 ? all : [additionalProperties, unevaluatedProperties];
}

/** What this engine cannot read may match: the schema's own library reads it. */
function mayMatch(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(key);
  } catch {
    return true;
  }
}

/** What `#/$defs/name`, or `#name` for a definition with that anchor, refers to. */
function referred(root: JsonSchema, reference: JsonValue | undefined): JsonObject | undefined {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  const [, anchor] = /^#([^/]+)$/.exec(reference) ?? [];
  if (anchor !== undefined) {
    const definitions = [root, ...valuesOf(root['$defs']), ...valuesOf(root['definitions'])].filter(isJsonObject);
    return definitions.find(({ $anchor, $dynamicAnchor }) => $anchor === anchor || $dynamicAnchor === anchor);
  }
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    const members = typeof target === 'object' && target !== null && Object.hasOwn(target, name) ? target : {};
    target = (members as Readonly<Record<string, unknown>>)[name];
  }
  return isJsonObject(target) ? target : undefined;
}

function valuesOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonObject(value) ? Object.values(value) : [];
}
