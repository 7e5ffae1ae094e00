import type { JsonObject, JsonSchema } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { mapSubschemas } from './subschemas.ts';

/** What becomes stricter where something within it is left open. */
const CONTRARY: ReadonlySet<string> = new Set([
  'not',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
  'unevaluatedItems',
]);

/** A schema that takes all that this one takes, with what is in it open to be left out. */
export function loosen(schema: JsonSchema): JsonObject {
  return mapSubschemas(Object.fromEntries(Object.entries(schema).filter(([word]) => !CONTRARY.has(word))), loosen);
}

/** The schema in so many characters, as far as it can be: what lies deeper than that is left open. */
export function cutToLength(schema: JsonSchema, maxLength: number): JsonObject {
  const loose = loosen(schema);
  let made = loose;
  for (const depth of [8, 6, 5, 4, 3, 2, 1, 0]) {
    if (JSON.stringify(made).length <= maxLength) break;
    made = withoutUnused(cutBelow(loose, depth));
  }
  return made;
}

function cutBelow(schema: JsonObject, depth: number): JsonObject {
  if (depth > 0) return mapSubschemas(schema, (below) => cutBelow(below, depth - 1));
  const { type, description } = schema;
  return { ...(type === undefined ? {} : { type }), ...(description === undefined ? {} : { description }) };
}

function withoutUnused(schema: JsonObject): JsonObject {
  const { $defs, ...rest } = schema;
  if (!isJsonObject($defs)) return schema;
  const used = new Set<string>();
  const visit = (at: JsonObject): JsonObject => {
    const name = typeof at['$ref'] === 'string' ? at['$ref'].replace('#/$defs/', '') : undefined;
    if (name !== undefined && !used.has(name)) {
      used.add(name);
      if (isJsonObject($defs[name])) visit($defs[name]);
    }
    return mapSubschemas(at, visit);
  };
  visit(rest);
  const kept = Object.entries($defs).filter(([name]) => used.has(name));
  return kept.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(kept) };
}
