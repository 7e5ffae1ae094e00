import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { UnreadableError } from './document-error.ts';
import { objectAt } from './references.ts';

/** How deep the examples of members are looked for: a schema may contain itself. */
const MAX_DEPTH = 6;

/**
 * The example that a parameter, a media type or a schema gives, or one put together from those of its members, which may lack some;
 * undefined where there is none.
 */
export function exampleIn(root: JsonObject, given: JsonValue | undefined, depth = 0): JsonValue | undefined {
  if (!isJsonObject(given) || depth > MAX_DEPTH) return undefined;
  const { example, examples } = given;
  if (example !== undefined) return example;
  if (Array.isArray(examples)) return examples[0];
  const [first] = isJsonObject(examples) ? Object.values(examples) : [];
  if (first !== undefined) return readable(() => objectAt(root, first, 'an example')['value']);
  if (given['schema'] !== undefined) return exampleIn(root, given['schema'], depth);
  if (typeof given['$ref'] === 'string')
    return readable(() => exampleIn(root, objectAt(root, given, 'a schema'), depth + 1));
  return exampleOfMembers(root, given, depth + 1);
}

function exampleOfMembers(
  root: JsonObject,
  { properties, items, allOf }: JsonObject,
  depth: number,
): JsonValue | undefined {
  if (isJsonObject(items)) {
    const item = exampleIn(root, items, depth);
    return item === undefined ? undefined : [item];
  }
  const parts = Array.isArray(allOf) ? allOf.map((part) => exampleIn(root, part, depth)).filter(isJsonObject) : [];
  const members = Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, member]) => {
    const example = exampleIn(root, member, depth);
    return example === undefined ? [] : [[name, example] as const];
  });
  const whole: JsonObject = Object.assign({}, ...parts, Object.fromEntries(members)) as JsonObject;
  return Object.keys(whole).length === 0 ? undefined : whole;
}

/** An example that cannot be found is none. */
function readable(find: () => JsonValue | undefined): JsonValue | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}
