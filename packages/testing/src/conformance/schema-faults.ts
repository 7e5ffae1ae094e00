import type { JsonSchema } from '@automate/sdk';
import { Validator } from '@cfworker/json-schema';
import type { Schema } from '@cfworker/json-schema';

const SUBSCHEMA: Schema = { $ref: '#' };
const TYPE: Schema = { enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] };
const TEXT: Schema = { type: 'string' };

/** What may stand under each keyword. */
const KEYWORDS: readonly (readonly [Schema, string])[] = [
  [TEXT, '$id $schema $ref $anchor $comment title description pattern format contentEncoding contentMediaType'],
  [{ anyOf: [TYPE, { type: 'array', minItems: 1, items: TYPE }] }, 'type'],
  [{ type: 'array' }, 'enum examples'],
  [{ type: 'array', minItems: 1, items: SUBSCHEMA }, 'allOf anyOf oneOf prefixItems'],
  [
    SUBSCHEMA,
    'not if then else additionalProperties unevaluatedProperties propertyNames items contains unevaluatedItems',
  ],
  [{ type: 'object', additionalProperties: SUBSCHEMA }, '$defs properties patternProperties dependentSchemas'],
  [{ type: 'array', items: TEXT, uniqueItems: true }, 'required'],
  [
    { type: 'integer', minimum: 0 },
    'minProperties maxProperties minItems maxItems minContains maxContains minLength maxLength',
  ],
  [{ type: 'number' }, 'minimum maximum exclusiveMinimum exclusiveMaximum'],
  [{ type: 'number', exclusiveMinimum: 0 }, 'multipleOf'],
  [{ type: 'boolean' }, 'uniqueItems deprecated readOnly writeOnly'],
];

/** What draft 2020-12 says of its keywords, without the dynamic references that the validator does not know. */
const META: Schema = {
  type: ['object', 'boolean'],
  properties: Object.fromEntries(KEYWORDS.flatMap(([schema, names]) => names.split(' ').map((name) => [name, schema]))),
};

/** What is wrong with a JSON Schema itself: misused keywords, references that lead nowhere. Empty for a sound one. */
export function schemaFaults(schema: JsonSchema): readonly string[] {
  const result = new Validator(META, '2020-12', false).validate(schema);
  if (!result.valid) return result.errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  try {
    new Validator(schema, '2020-12').validate({});
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
