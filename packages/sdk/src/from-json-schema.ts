import type { Validator as CfValidator } from '@cfworker/json-schema';
import type { JsonSchema } from '@automate/contract';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { PairedSchema } from './action.ts';

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

/**
 * A schema for actions out of a JSON Schema (draft 2020-12) that comes from elsewhere, such as from the remote system. Its
 * validator is made with the first value, and runs no code out of the schema. What it cannot read, such as a reference to
 * another document, throws there.
 */
export function fromJsonSchema<T = unknown>(jsonSchema: JsonSchema): PairedSchema<T> {
  let validator: Promise<Validator> | undefined;
  const open = async (): Promise<Validator> => {
    const { Validator: JsonValidator } = await import('@cfworker/json-schema');
    // It writes into what it is given.
    return new JsonValidator(structuredClone(jsonSchema), '2020-12', false);
  };
  const schema: StandardSchemaV1<T, T> = {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      async validate(value) {
        const { valid, errors } = (await (validator ??= open())).validate(value);
        if (valid) return { value: value as T };
        const deepest = errors.filter(({ keyword }) => !WRAPPERS.has(keyword));
        const faults = (deepest.length === 0 ? errors : deepest).slice(0, MOST_FAULTS);
        return { issues: faults.map(issueOf) };
      },
    },
  };
  return { schema, jsonSchema };
}

function issueOf({ instanceLocation, keyword, error }: Fault): StandardSchemaV1.Issue {
  const path = instanceLocation
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '')
    .map((step) => unescapeStep(step));
  const [, missing] = /required property "(.*)"/.exec(error) ?? [];
  if (keyword === 'required' && missing !== undefined)
    return { path: [...path, missing], message: 'expected a value, received nothing' };
  if (keyword === 'false') return { path, message: 'expected nothing of that name' };
  return { path, message: error.replace(/^Instance /, 'the value ').replace(/\.$/, '') };
}

/** Places of lists are numbers. */
function unescapeStep(step: string): PropertyKey {
  if (/^(0|[1-9]\d*)$/.test(step)) return Number(step);
  let name = step;
  try {
    name = decodeURIComponent(step);
  } catch {
    // A name with a percent sign, as it is written.
  }
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}
