import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { SchemaConverter } from './convert-schema.ts';
import { exampleIn } from './examples.ts';
import { mediaTypesOf } from './media-types.ts';
import { objectAt } from './references.ts';

export interface ReadAnswer {
  /** Of the result; absent where the document does not say what comes. */
  readonly schema?: JsonSchema;
  readonly example?: JsonValue;
}

/** An answer that is no text. */
const BYTES: JsonSchema = {
  type: 'object',
  properties: { base64: { type: 'string' }, content_type: { type: 'string' } },
  required: ['base64'],
  description: 'The bytes, as base64',
};

/**
 * What comes back when it went well: one of the answers of 200 to 299, or of `default` where there is none of them. The body as JSON
 * or text, bytes as `{ base64, content_type }`, and null where there is no body.
 */
export function readAnswer(
  root: JsonObject,
  responses: JsonValue | undefined,
  schemas: SchemaConverter,
  maxLength: number,
): ReadAnswer {
  const good = successesOf(responses);
  const answers = good.map((response) => objectAt(root, response, 'an answer'));
  const kinds = answers.map((answer) => mediaTypesOf(answer['content']));
  // What is not said may be anything.
  if (
    kinds.length === 0 ||
    kinds.some((all) => all.some(({ form, media }) => form === 'json' && media['schema'] === undefined))
  )
    return {};
  const alternatives = kinds.flatMap((all) =>
    all.length === 0
      ? [{ type: 'null' }]
      : all.map(({ form, media }) => {
          if (form === 'json') return schemas.convert(media['schema']);
          return form === 'text' ? { type: 'string' } : BYTES;
        }),
  );
  const different = new Map(alternatives.map((schema) => [JSON.stringify(schema), schema]));
  const [only] = different.values();
  const schema: JsonSchema = different.size === 1 && only !== undefined ? only : { anyOf: [...different.values()] };
  const example = kinds
    .flatMap((all) => all.map(({ media }) => exampleIn(root, media)))
    .find((each) => each !== undefined);
  return { schema: schemas.complete(schema, maxLength), ...(example === undefined ? {} : { example }) };
}

function successesOf(responses: JsonValue | undefined): readonly JsonValue[] {
  if (!isJsonObject(responses)) return [];
  const good = Object.keys(responses)
    .filter((status) => /^2(\d\d|XX)$/i.test(status))
    .toSorted();
  if (good.length > 0) return good.map((status) => responses[status] as JsonValue);
  return responses['default'] === undefined ? [] : [responses['default']];
}
