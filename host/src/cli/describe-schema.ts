import type { ActionDescription, JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

/** What calling it does, in a word. */
export function effectOf({ sideEffects, idempotent }: ActionDescription): string {
  if (!sideEffects) return 'reads';
  return idempotent ? 'changes, repeatable' : 'changes';
}

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  readonly description: string;
}

/** The fields of an object's schema, for people; the schema itself says more. */
export function fieldsOf(schema: JsonObject): readonly Field[] {
  const { properties, required } = schema;
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).map(([name, field]) => {
    const { description } = isJsonObject(field) ? field : {};
    return {
      name,
      required: Array.isArray(required) && required.includes(name),
      type: typeOf(field),
      description: typeof description === 'string' ? description : '',
    };
  });
}

function typeOf(schema: unknown): string {
  if (!isJsonObject(schema)) return 'any';
  const { type, enum: words, const: only, anyOf, oneOf, items } = schema;
  const choice = Array.isArray(words) ? words : only === undefined ? undefined : [only];
  if (choice !== undefined) return choice.map((word) => JSON.stringify(word)).join(' | ');
  const alternatives = [anyOf, oneOf].find(Array.isArray);
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeOf))].join(' | ');
  if (Array.isArray(type)) return type.map(String).join(' | ');
  if (type === 'array') return `list of ${typeOf(items)}`;
  return typeof type === 'string' ? type : 'any';
}
