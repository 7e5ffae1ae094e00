import type { JsonObject, JsonSchema, JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import { Validator } from '@cfworker/json-schema';

/** An object that a schema does not accept, or undefined where it accepts every object that was thought of. */
export function invalidSample(schema: JsonSchema): JsonObject | undefined {
  const validator = new Validator(schema, '2020-12');
  return candidates(schema).find((candidate) => !validator.validate(candidate).valid);
}

function candidates(schema: JsonSchema): readonly JsonObject[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const wrong = Object.entries(properties).map(([name, property]): JsonObject => ({ [name]: valueBeside(property) }));
  return [{}, ...wrong, { unknown_property_of_a_conformance_test: true }];
}

/** A value of another type than the schema's. */
function valueBeside(schema: JsonValue): JsonValue {
  const type = isJsonObject(schema) ? schema['type'] : undefined;
  return type === 'object' ? 'no object' : { no: 'such value' };
}
