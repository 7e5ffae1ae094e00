import type { JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** Deeper than this, or again within itself, nothing is made up. */
const DEPTH = 4;

/** A value that a schema would take, of what is required alone: something to begin with. */
export function sampleValue(schema: unknown, schemas: Readonly<Record<string, unknown>>, depth = 0): JsonValue {
  if (!isJsonObject(schema) || depth > DEPTH) return {};
  const { $ref, type, properties, required, items, examples, allOf, anyOf, oneOf } = schema;
  if (typeof $ref === 'string') return sampleValue(schemas[$ref.split('/').at(-1) ?? ''], schemas, depth + 1);
  for (const given of [schema['default'], schema['const'], schema['example'], first(examples), first(schema['enum'])])
    if (given !== undefined) return given as JsonValue;
  const choice = first(anyOf) ?? first(oneOf);
  if (choice !== undefined) return sampleValue(choice, schemas, depth + 1);
  if (Array.isArray(allOf)) {
    const parts = allOf.map((part) => sampleValue(part, schemas, depth + 1));
    return Object.assign({}, ...parts.filter(isJsonObject)) as JsonValue;
  }
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return '…';
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return typeof schema['minItems'] === 'number' && schema['minItems'] > 0
        ? [sampleValue(items, schemas, depth + 1)]
        : [];
    default: {
      const names = Array.isArray(required) ? required.map(String) : [];
      const fields = isJsonObject(properties) ? properties : {};
      return Object.fromEntries(names.map((name) => [name, sampleValue(fields[name], schemas, depth + 1)]));
    }
  }
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? (list[0] as unknown) : undefined;
}
