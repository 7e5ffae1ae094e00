import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** The words of a JSON Schema that choose among schemas for the same value. */
const CHOICES = ['allOf', 'anyOf', 'oneOf'] as const;
const CONDITIONS = ['if', 'then', 'else', 'not'] as const;

export interface BranchOptions {
  /** Whether the parts of conditions count as well. Default false. */
  readonly conditions?: boolean;
}

/**
 * The schemas for one value, what they refer to within `root`, and the branches that they choose from: which of them holds
 * is for the schema's own library to say. Each stands once, as they may go in circles.
 */
export function branchesOf(
  given: readonly JsonSchema[],
  root: JsonSchema,
  { conditions = false }: BranchOptions = {},
): readonly JsonSchema[] {
  const all = new Set(given);
  for (const schema of all) {
    const below = CHOICES.flatMap((word) => (Array.isArray(schema[word]) ? schema[word] : []));
    if (conditions) below.push(...CONDITIONS.flatMap((word) => schema[word] ?? []));
    if (typeof schema['$ref'] === 'string') below.push(referred(root, schema['$ref']) ?? null);
    for (const branch of below) if (isJsonObject(branch)) all.add(branch);
  }
  return [...all];
}

/** The schemas that these have for the member of this name, or the item at this place. */
export function schemasBelow(schemas: readonly JsonSchema[], key: string | number): readonly JsonSchema[] {
  return schemas
    .flatMap((schema) => (typeof key === 'number' ? itemSchemas(schema, key) : memberSchemas(schema, key)))
    .filter(isJsonObject);
}

function itemSchemas({ items, prefixItems }: JsonSchema, index: number): readonly (JsonValue | undefined)[] {
  return Array.isArray(prefixItems) && index < prefixItems.length ? [prefixItems[index]] : [items];
}

function memberSchemas(schema: JsonSchema, key: string): readonly (JsonValue | undefined)[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const named = isJsonObject(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const like = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, sub]) => (new RegExp(pattern, 'u').test(key) ? [sub] : []))
    : [];
  const all = [...named, ...like];
  return all.length > 0 ? all : [additionalProperties];
}

/** What `#/$defs/name` refers to. */
function referred(root: JsonSchema, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined;
  let target: unknown = root;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    target = isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  }
  return isJsonObject(target) ? target : undefined;
}
