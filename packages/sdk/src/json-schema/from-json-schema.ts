import type { Validator as CfValidator } from '@cfworker/json-schema';
import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { clipText, isJsonObject } from '@automate/contract';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PairedSchema } from '../action.ts';
import { DATA_WORDS, unescapePointer, withoutCircles } from './without-circles.ts';

type Validator = InstanceType<typeof CfValidator>;
type Fault = ReturnType<Validator['validate']>['errors'][number];

/** What only says that something below it, which is said as well, is wrong. */
const WRAPPERS: ReadonlySet<string> = new Set([
  '$ref',
  'properties',
  'patternProperties',
  'additionalProperties',
  'items',
  'prefixItems',
  'allOf',
  'dependentSchemas',
]);
const MOST_FAULTS = 20;

/** What says more than a look at each value can tell: only there a schema is able to hold the thread for long. */
const COSTLY = /"(?:pattern|patternProperties|format|uniqueItems|\$ref|\$dynamicRef|\$recursiveRef)":/;
/** Those that can be left out. Where one is the name of a property, an object stands there. */
const COSTLY_WORDS: ReadonlySet<string> = new Set(['pattern', 'format', 'uniqueItems']);
/** How long a value may be judged, in milliseconds. Usual are microseconds. */
const MAX_MS = 500;

export interface FromJsonSchemaOptions {
  /** Told, in words that follow upon the name of an action, once something of the schema is given up. */
  readonly onGivenUp?: (what: string) => void;
}

/**
 * A schema for actions out of a JSON Schema (draft 2020-12) that comes from elsewhere, such as from the remote system. Its
 * validator is made with the first value, and runs no code out of the schema. References that only lead back to where they stand
 * are left out.
 *
 * No schema holds the thread or fails calls: where a value takes longer than half a second, or something of the schema
 * cannot be read, such as a reference to another document, patterns and formats are given up, and where that is not enough the
 * schema. Values are then taken as they are, and the remote system judges them.
 */
export function fromJsonSchema<T = unknown>(
  given: JsonSchema,
  { onGivenUp = () => {} }: FromJsonSchemaOptions = {},
): PairedSchema<T> {
  const jsonSchema = withoutCircles(given);
  const run = COSTLY.test(JSON.stringify(jsonSchema)) ? runBounded : runAtOnce;
  /** Each takes more than the one before. */
  const steps = [
    { open: () => openValidator(jsonSchema), givenUp: '' },
    { open: () => openValidator(withoutPatterns(jsonSchema)), givenUp: 'its patterns and formats' },
    { open: () => openValidator({}), givenUp: 'its schema' },
  ].map((step) => ({ ...step, validator: undefined as Promise<Validator> | undefined }));
  let at = 0;
  const judge = async (value: unknown, from: number): Promise<ReturnType<Validator['validate']>> => {
    const step = steps[from] as (typeof steps)[number];
    try {
      const validator = await (step.validator ??= step.open());
      return await run(() => validator.validate(value));
    } catch (reason) {
      const next = steps[from + 1];
      if (next === undefined) throw reason;
      if (at === from) {
        at += 1;
        onGivenUp(
          `${next.givenUp} cannot be checked here (${whyNot(reason)}): what does not fit is for the remote system to refuse`,
        );
      }
      return judge(value, from + 1);
    }
  };
  const schema: StandardSchemaV1<T, T> = {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      async validate(value) {
        const { valid, errors } = await judge(value, at);
        if (valid) return { value: value as T };
        const deepest = errors.filter(({ keyword }) => !WRAPPERS.has(keyword));
        const faults = (deepest.length === 0 ? errors : deepest).slice(0, MOST_FAULTS);
        return { issues: faults.map(issueOf) };
      },
    },
  };
  return { schema, jsonSchema };
}

/** A schema for readers alone, out of a JSON Schema that comes from elsewhere: it takes any value as it is. */
export function unjudgedSchema(given: JsonSchema): PairedSchema {
  const validate = (value: unknown) => ({ value });
  return {
    jsonSchema: withoutCircles(given),
    schema: { '~standard': { version: 1, vendor: 'json-schema', validate } },
  };
}

async function openValidator(schema: JsonSchema): Promise<Validator> {
  const { Validator: JsonValidator } = await import('@cfworker/json-schema');
  // It writes into what it is given.
  return new JsonValidator(structuredClone(schema), '2020-12', false);
}

async function runBounded<T>(work: () => T): Promise<T> {
  const { runWithin } = await import('./run-within.ts');
  return runWithin(MAX_MS, work);
}

function runAtOnce<T>(work: () => T): T {
  return work();
}

function whyNot(reason: unknown): string {
  const { code, message } = (reason ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return `it took more than ${MAX_MS} ms`;
  return clipText(String(message).split('\n', 1)[0] ?? '', 200);
}

/** Without what takes long of its own accord. */
function withoutPatterns(schema: JsonSchema): JsonObject {
  const strip = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(strip);
    return isJsonObject(value) ? withoutPatterns(value) : value;
  };
  const kept = Object.entries(schema).filter(([word, value]) => !COSTLY_WORDS.has(word) || isJsonObject(value));
  return Object.fromEntries(kept.map(([word, value]) => [word, DATA_WORDS.has(word) ? value : strip(value)]));
}

function issueOf({ instanceLocation, keyword, error }: Fault): StandardSchemaV1.Issue {
  const path = instanceLocation
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '')
    .map(readStep);
  const [, missing] = /required property "(.*)"/.exec(error) ?? [];
  if (keyword === 'required' && missing !== undefined)
    return { path: [...path, missing], message: 'expected a value, received nothing' };
  if (keyword === 'false') return { path, message: 'expected nothing of that name' };
  return { path, message: error.replace(/^Instance /, 'the value ').replace(/\.$/, '') };
}

/** Places of lists are numbers. */
function readStep(step: string): PropertyKey {
  return /^(0|[1-9]\d*)$/.test(step) ? Number(step) : unescapePointer(step);
}
