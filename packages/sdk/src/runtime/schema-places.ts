import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** The words of a JSON Schema, also of older drafts, that have more schemas for the same value: as a list, by name, alone. */
const LISTS = ['allOf', 'anyOf', 'oneOf'] as const;
const MAPS = ['dependentSchemas', 'dependencies'] as const;
const SINGLES = ['if', 'then', 'else', 'not'] as const;
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'] as const;

// The host reads schemas too, and they are whatever a connector says: no schema may cost it more than this.

/** Schemas of one value that are looked at. */
const MAX_BRANCHES = 1000;
/** Characters of a pattern, and of a name that it is tried on. */
const MAX_TRIED = 128;
/** Holds for what nobody looks at: it may be a secret. */
const UNSEEN: JsonSchema = { writeOnly: true };

/**
 * The schemas for one value, what they refer to within `root`, and the branches that they choose from: which of them holds
 * is for the schema's own library to say. Each stands once, as they may go in circles. Where there are more than anybody
 * writes, one that marks the value as a secret stands for the rest.
 */
export function branchesOf(given: readonly JsonSchema[], root: JsonSchema): readonly JsonSchema[] {
  const all = new Set(given);
  const definitions: Definitions = { root, byAnchor: undefined };
  for (const schema of all) {
    if (all.size > MAX_BRANCHES) return [...given.slice(0, MAX_BRANCHES), UNSEEN];
    const branches = [
      ...LISTS.flatMap((word) => (Array.isArray(schema[word]) ? schema[word] : [])),
      ...MAPS.flatMap((word) => valuesOf(schema[word])),
      ...SINGLES.map((word) => schema[word]),
      ...REFERENCES.map((word) => referred(definitions, schema[word])),
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

/** What this engine cannot read, or may need for ever to read, may match: the schema's own library reads it. */
function mayMatch(pattern: string, key: string): boolean {
  if (pattern.length > MAX_TRIED || key.length > MAX_TRIED || !isQuick(pattern)) return true;
  try {
    return new RegExp(pattern, 'u').test(key);
  } catch {
    return true;
  }
}

/** Whether the engine, which tries one way after the other, has few ways: no groups, and few places to choose how often. */
function isQuick(pattern: string): boolean {
  const choices = pattern.match(/[*+?{]/g)?.length ?? 0;
  return !/[()|]/.test(pattern) && choices <= (pattern.startsWith('^') ? 2 : 1);
}

interface Definitions {
  readonly root: JsonSchema;
  /** Made with the first reference to an anchor. */
  byAnchor: ReadonlyMap<JsonValue | undefined, JsonObject> | undefined;
}

/** What `#/$defs/name`, or `#name` for a definition with that anchor, refers to. */
function referred(definitions: Definitions, reference: JsonValue | undefined): JsonObject | undefined {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  const { root } = definitions;
  const [, anchor] = /^#([^/]+)$/.exec(reference) ?? [];
  if (anchor !== undefined) return (definitions.byAnchor ??= anchorsIn(root)).get(anchor);
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const name = unescapeUrl(step).replaceAll('~1', '/').replaceAll('~0', '~');
    const members = typeof target === 'object' && target !== null && Object.hasOwn(target, name) ? target : {};
    target = (members as Readonly<Record<string, unknown>>)[name];
  }
  return isJsonObject(target) ? target : undefined;
}

/** Of several definitions with one anchor, the first. */
function anchorsIn(root: JsonSchema): ReadonlyMap<JsonValue | undefined, JsonObject> {
  const definitions = [root, ...valuesOf(root['$defs']), ...valuesOf(root['definitions'])].filter(isJsonObject);
  const pairs = definitions.flatMap((definition) =>
    [definition['$dynamicAnchor'], definition['$anchor']].map((anchor) => [anchor, definition] as const),
  );
  return new Map(pairs.toReversed());
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a name as it is written
  }
}

function valuesOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonObject(value) ? Object.values(value) : [];
}
