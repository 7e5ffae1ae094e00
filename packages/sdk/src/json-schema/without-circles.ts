import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** Words whose schemas judge the very value that the schema around them judges; of these, one, a list, or one for each name. */
const IN_PLACE = ['not', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'dependentSchemas'];
/** Words whose members have names of their own choice. */
const BY_NAME: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
]);
/** What stands there is data, whatever it looks like. */
export const DATA_WORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Schemas that lead to one another without going deeper into the value. No schema that says anything has as many. */
const MAX_STEPS = 200;

/**
 * A copy of a schema without the references that only lead back to where they stand, as in `A` is `B` and `B` is `A`: they say
 * nothing, and no validator comes to an end with them. What goes deeper into the value on the way round, such as a tree, stays.
 *
 * @throws RangeError for a schema that is nested too deeply to be gone through
 */
export function withoutCircles(schema: JsonSchema): JsonObject {
  const root: JsonObject = structuredClone(schema);
  const followed = new Set<JsonObject>();
  const open = new Set<JsonObject>();

  const follow = (at: JsonValue | undefined): void => {
    if (!isJsonObject(at) || followed.has(at)) return;
    open.add(at);
    const reference = at['$ref'];
    const target = typeof reference === 'string' ? targetOf(root, reference) : undefined;
    if (isJsonObject(target) && (open.has(target) || open.size > MAX_STEPS))
      delete (at as Record<string, JsonValue>)['$ref'];
    else follow(target);
    for (const word of IN_PLACE) for (const below of schemasAt(at, word)) follow(below);
    open.delete(at);
    followed.add(at);
  };

  const visit = (at: JsonValue | undefined): void => {
    if (Array.isArray(at)) for (const each of at) visit(each);
    if (!isJsonObject(at)) return;
    follow(at);
    for (const [word, value] of Object.entries(at)) {
      if (BY_NAME.has(word) && isJsonObject(value)) for (const each of Object.values(value)) visit(each);
      else if (!DATA_WORDS.has(word)) visit(value);
    }
  };

  visit(root);
  return root;
}

function schemasAt(at: JsonObject, word: string): readonly JsonValue[] {
  const value = at[word];
  if (value === undefined) return [];
  if (word === 'dependentSchemas') return isJsonObject(value) ? Object.values(value) : [];
  return Array.isArray(value) ? value : [value];
}

/** What a JSON Pointer in the fragment leads to. Other references are not looked for: what is wrong with them shows at the first value. */
function targetOf(root: JsonObject, reference: string): JsonValue | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let at: JsonValue | undefined = root;
  for (const step of reference.split('/').slice(1)) {
    const name = unescapePointer(step);
    if (Array.isArray(at)) at = at[Number(name)];
    else at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

/** A step of a JSON Pointer as the name that it stands for. */
export function unescapePointer(step: string): string {
  let name = step;
  try {
    name = decodeURIComponent(step);
  } catch {
    // A name with a percent sign, as it is written.
  }
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}
