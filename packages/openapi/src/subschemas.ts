import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** The words of JSON Schema that hold further schemas: one, one for each name, or a list. */
export const SINGLES = [
  'additionalProperties',
  'items',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
  'unevaluatedItems',
];
export const MAPS = ['properties', 'patternProperties', 'dependentSchemas', '$defs'];
export const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];

type Change = (schema: JsonObject) => JsonObject;

/** The schema with another one in the place of each that stands directly in it. */
export function mapSubschemas(schema: JsonSchema, change: Change): JsonObject {
  const one = (value: JsonValue): JsonValue => (isJsonObject(value) ? change(value) : value);
  const made: Record<string, JsonValue> = {};
  for (const [word, value] of Object.entries(schema)) {
    if (SINGLES.includes(word)) made[word] = one(value);
    else if (LISTS.includes(word) && Array.isArray(value)) made[word] = value.map(one);
    else if (MAPS.includes(word) && isJsonObject(value))
      made[word] = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, one(each)]));
    else made[word] = value;
  }
  return made;
}
