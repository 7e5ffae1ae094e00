import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { Operation, OperationRequest } from '@automate/openapi';
import { buildRequest } from '@automate/openapi';
import { Validator } from '@cfworker/json-schema';
import { generateSync } from 'json-schema-faker';
import type { ApiKey } from './plan-access.ts';

/** How many values are made of a schema until one fits. */
const TRIES = 24;

/** What a call is tested with. */
export interface Fixture {
  readonly content: JsonObject;
  /** The document has no example for the input or the answer that fits its own schema. */
  readonly isMadeUp: boolean;
}

/** A value of a key for tests. */
export const keyForTests = ({ setting }: ApiKey): string => `a-${setting.replaceAll('_', '-')}-for-tests`;

/**
 * One call of an operation: from the examples of the document, as far as they fit its own schemas.
 *
 * @param sent headers that every request has besides its own
 * @returns undefined where no value that fits could be found or made
 */
export function makeFixture(
  operation: Operation,
  { apiKeys, sent }: { readonly apiKeys: readonly ApiKey[]; readonly sent: Readonly<Record<string, string>> },
): Fixture | undefined {
  const { name, input: inputSchema, output, examples } = operation;
  const input = firstOf(candidates(inputSchema, examples.input), (value) => requestFor(operation, value));
  const answer = firstOf(candidates(output ?? {}, examples.output), (value) => value);
  if (input === undefined || answer === undefined || !isJsonObject(input.value)) return undefined;
  const { method, path, headers, ...body } = input.found;
  const query = pairsOf('query', apiKeys).join('&');
  const cookies = [headers['cookie'], ...pairsOf('cookie', apiKeys)].filter((pair) => pair !== undefined).join('; ');
  const keys = apiKeys.flatMap((key) => (key.in === 'header' ? [[key.name, keyForTests(key)] as const] : []));
  return {
    content: {
      action: name,
      input: input.value,
      request: {
        method,
        target: targetOf(query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`),
        headers: {
          ...sent,
          ...headers,
          ...Object.fromEntries(keys),
          ...(cookies === '' ? {} : { cookie: cookies }),
        },
        ...bodyOf(body, operation),
      },
      answer: answer.value === null ? { status: 204 } : { status: 200, json: answer.value },
      result: answer.value,
    },
    isMadeUp: !input.isExample || (!answer.isExample && output !== undefined && answer.value !== null),
  };
}

interface Candidate {
  readonly value: JsonValue;
  readonly isExample: boolean;
}

function* candidates(schema: JsonSchema, example: JsonValue | undefined): Generator<Candidate, void> {
  const validator = new Validator(structuredClone(schema), '2020-12');
  if (example !== undefined && validator.validate(example).valid) yield { value: example, isExample: true };
  // Examples often leave out what is required.
  if (example !== undefined && Object.keys(Object(example)).length > 0)
    for (const sample of samples(schema)) {
      const value = filledUp(example, sample);
      if (validator.validate(value).valid) yield { value, isExample: true };
    }
  for (const value of samples(schema)) if (validator.validate(value).valid) yield { value, isExample: false };
}

/** The same values each time. */
function* samples(schema: JsonSchema): Generator<JsonValue, void> {
  for (let seed = 1; seed <= TRIES; seed += 1) {
    const shared = { seed, maxItems: 2, maxLength: 64 };
    const options = seed % 2 === 1 ? { ...shared, alwaysFakeOptionals: true } : { ...shared, optionalsProbability: 0 };
    try {
      yield generateSync(structuredClone(schema), options) as JsonValue;
    } catch {
      // What it cannot make a value of, it may with another seed.
    }
  }
}

/** The example, and in its objects what only the sample has. */
function filledUp(example: JsonValue, sample: JsonValue): JsonValue {
  if (Array.isArray(example) && Array.isArray(sample))
    return example.map((item, index) => filledUp(item, sample[Math.min(index, sample.length - 1)] ?? item));
  if (!isJsonObject(example) || !isJsonObject(sample)) return example;
  const members = Object.entries(example).map(([name, member]) => [name, filledUp(member, sample[name] ?? member)]);
  return { ...sample, ...Object.fromEntries(members) } as JsonObject;
}

function firstOf<Found>(
  all: Iterable<Candidate>,
  find: (value: JsonValue) => Found | undefined,
): (Candidate & { readonly found: Found }) | undefined {
  for (const candidate of all) {
    const found = find(candidate.value);
    if (found !== undefined) return { ...candidate, found };
  }
  return undefined;
}

/** Undefined for an input that fits the schema and cannot be sent all the same. */
function requestFor(operation: Operation, input: JsonValue): OperationRequest | undefined {
  if (!isJsonObject(input)) return undefined;
  try {
    return buildRequest(operation, input);
  } catch {
    return undefined;
  }
}

/** As a URL has it once it was read. */
function targetOf(path: string): string {
  const { pathname, search } = new URL(`http://host${path}`);
  return `${pathname}${search}`;
}

function pairsOf(place: ApiKey['in'], apiKeys: readonly ApiKey[]): readonly string[] {
  return apiKeys
    .filter((key) => key.in === place)
    .map((key) => `${encodeURIComponent(key.name)}=${encodeURIComponent(keyForTests(key))}`);
}

function bodyOf({ body, parts }: Pick<OperationRequest, 'body' | 'parts'>, operation: Operation): JsonObject {
  if (parts !== undefined) return { parts: [...new Set(parts.map(({ name }) => name))] };
  if (body === undefined) return {};
  if (typeof body !== 'string') return { base64: Buffer.from(body).toString('base64') };
  return operation.body?.form === 'json' ? { json: JSON.parse(body) as JsonValue } : { text: body };
}
