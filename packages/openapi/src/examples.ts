import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { UnreadableError } from './document-error.ts';
import { objectAt } from './references.ts';

/** The example that a parameter, a media type or a schema gives; undefined where it gives none. */
export function exampleIn(root: JsonObject, given: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(given)) return undefined;
  const { example, examples } = given;
  if (example !== undefined) return example;
  if (Array.isArray(examples)) return examples[0];
  const [first] = isJsonObject(examples) ? Object.values(examples) : [];
  if (first !== undefined) return readable(() => objectAt(root, first, 'an example')['value']);
  if (given['schema'] !== undefined) return exampleIn(root, given['schema']);
  return typeof given['$ref'] === 'string'
    ? readable(() => exampleIn(root, objectAt(root, given, 'a schema')))
    : undefined;
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
