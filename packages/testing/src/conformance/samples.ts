import type { JsonObject, JsonSchema, JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import { Validator } from '@cfworker/json-schema';
import { generateSync } from 'json-schema-faker';

/** How many values are made of a schema until one fits that the generator did not hit at once. */
const TRIES = 12;

/** A schema whose values the check's own code reads. */
export type Fits = (value: unknown) => boolean;

/** Whether a value is one that the schema describes. */
export function fitter(schema: JsonSchema): Fits {
  const validator = new Validator(schema, '2020-12');
  return (value) => validator.validate(value).valid;
}

/**
 * Values that a schema describes, the same ones each time: with everything that is optional, with nothing of it, and some between.
 * Those after the first two differ in what was chosen among alternatives. Nothing where none was found.
 */
export function* validSamples(schema: JsonSchema): Generator<JsonValue, void> {
  const fits = fitter(schema);
  for (let seed = 1; seed <= TRIES; seed += 1) {
    const shared = { seed, maxItems: 2, maxLength: 64 };
    const options =
      seed === 1 ? { ...shared, alwaysFakeOptionals: true } : { ...shared, optionalsProbability: seed === 2 ? 0 : 0.5 };
    const value = generateSync(schema, options) as JsonValue;
    if (fits(value)) yield value;
  }
}

/** The first of them. */
export function validSample(schema: JsonSchema): JsonValue | undefined {
  return validSamples(schema).find(() => true);
}

/** A name that no schema knows. */
const STRANGER = 'unknown_property_of_a_conformance_test';

/**
 * Objects that a schema does not accept, each with one fault: a member that is missing, one of another type, one too many. Empty
 * where it accepts every object that was thought of.
 */
export function invalidSamples(schema: JsonSchema): readonly JsonObject[] {
  const fits = fitter(schema);
  const sound = validSamples(schema).find(isJsonObject) ?? {};
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const without = Object.keys(sound).map((name): JsonObject => {
    const { [name]: _dropped, ...rest } = sound;
    return rest;
  });
  const wrong = Object.entries(properties).flatMap(([name, property]) =>
    valuesBeside(property).map((value): JsonObject => ({ ...sound, [name]: value })),
  );
  return [{}, ...without, ...wrong, { ...sound, [STRANGER]: true }].filter((candidate) => !fits(candidate));
}

/** Values of other types than the schema's, one of them a text that a coercion would take. */
function valuesBeside(schema: JsonValue): readonly JsonValue[] {
  const type = isJsonObject(schema) ? schema['type'] : undefined;
  if (type === 'object') return ['no object'];
  const texts: Readonly<Record<string, JsonValue>> = { number: '12', integer: '12', boolean: 'true' };
  const text = typeof type === 'string' ? texts[type] : undefined;
  return [{ no: 'such value' }, ...(text === undefined ? [] : [text])];
}
