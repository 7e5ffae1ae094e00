import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { UnreadableError } from './document-error.ts';

/** References that lead to one another are followed so far: none that anybody writes is longer. */
const MAX_STEPS = 50;

/**
 * The object that stands here, or that the reference which stands here leads to.
 *
 * @throws UnreadableError where there is none, or it lies outside of the document
 */
export function objectAt(root: JsonObject, value: JsonValue | undefined, what: string): JsonObject {
  let at = value;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (!isJsonObject(at)) throw new UnreadableError(`${what} is no object`);
    const reference = at['$ref'];
    if (typeof reference !== 'string') return at;
    at = lookUp(root, reference);
  }
  throw new UnreadableError(`${what} refers to itself`);
}

/**
 * What a reference within the document leads to.
 *
 * @throws UnreadableError for a reference to another document, or to nothing
 */
export function lookUp(root: JsonObject, reference: string): JsonValue {
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new UnreadableError(
      `it refers to "${clip(reference)}", which is not in this document: the document must be bundled into one`,
    );
  let at: JsonValue | undefined = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = unescapePointer(step);
    if (Array.isArray(at)) at = at[Number(name)];
    else at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  if (at === undefined)
    throw new UnreadableError(`it refers to "${clip(reference)}", which the document does not have`);
  return at;
}

/** A step of a JSON Pointer in a URL's fragment, as the name it stands for. */
function unescapePointer(step: string): string {
  let name = step;
  try {
    name = decodeURIComponent(step);
  } catch {
    // A name with a percent sign, as it is written.
  }
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
