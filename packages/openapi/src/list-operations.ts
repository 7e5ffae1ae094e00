import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { nameOperations } from './action-names.ts';
import { createSchemaConverter } from './convert-schema.ts';
import { UnreadableError } from './document-error.ts';
import type { LeftOut, Operation, OperationMethod } from './operation.ts';
import { METHODS } from './operation.ts';
import type { OpenApiDocument } from './read-document.ts';
import { readParameters } from './read-parameters.ts';
import { readRequestBody } from './read-request-body.ts';
import { readAnswer } from './read-answer.ts';
import { readServers } from './read-servers.ts';
import { objectAt } from './references.ts';

export interface ListOptions {
  /** Whether an operation is wanted; the others are not even looked into. Default: all. */
  readonly select?: (operation: OperationHead) => boolean;
  /** Most characters of one schema; what lies far in it is left open beyond that. Default 64 Ki. */
  readonly maxSchemaLength?: number;
}

/** What is known of an operation at first sight. */
export type OperationHead = Pick<Operation, 'method' | 'path' | 'tags'> & { readonly operationId?: string };

export interface Operations {
  readonly operations: readonly Operation[];
  /** Those that are wanted and cannot be called. */
  readonly leftOut: readonly LeftOut[];
}

interface Found extends OperationHead {
  readonly item: JsonObject;
  readonly operation: JsonObject;
}

const DEFAULT_LENGTH = 64 * 1024;
const MAX_DESCRIPTION = 1_500;
/** What is shorter is a word or two, and does not tell people and agents what an action does. */
const MIN_DESCRIPTION = 10;
const OTHER_METHODS = ['trace', 'query'];

/**
 * The operations of a document, in its order, with all that is needed to call them. Never throws for what one of them says: it is
 * left out, with the reason. Names do not change with what is selected.
 */
export function listOperations(document: OpenApiDocument, options: ListOptions = {}): Operations {
  const { select = () => true, maxSchemaLength = DEFAULT_LENGTH } = options;
  const { found, leftOut: unread } = findOperations(document);
  const names = nameOperations(found.map(({ operationId, method, path }) => ({ operationId, method, path })));
  const operations: Operation[] = [];
  const leftOut: LeftOut[] = unread
    .filter(({ head }) => select(head))
    .map(({ head, reason }) => ({ operation: showOperation(head), reason }));
  for (const [index, each] of found.entries()) {
    if (!select(each)) continue;
    try {
      operations.push(readOperation(document, each, names[index] as string, maxSchemaLength));
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      leftOut.push({ operation: showOperation(each), reason: error.message });
    }
  }
  return { operations, leftOut };
}

/** `POST /pets (createPet)`. */
export function showOperation({ method, path, operationId }: OperationHead): string {
  return `${method} ${path}${operationId === undefined ? '' : ` (${operationId})`}`;
}

function findOperations({ root }: OpenApiDocument): {
  readonly found: readonly Found[];
  readonly leftOut: readonly { readonly head: OperationHead; readonly reason: string }[];
} {
  const found: Found[] = [];
  const leftOut: { readonly head: OperationHead; readonly reason: string }[] = [];
  const paths = isJsonObject(root['paths']) ? root['paths'] : {};
  for (const [path, given] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue;
    let item: JsonObject;
    try {
      item = { ...objectAt(root, given, `the path "${path}"`), ...(isJsonObject(given) ? given : {}) };
    } catch (error) {
      leftOut.push({ head: { method: 'GET', path, tags: [] }, reason: (error as Error).message });
      continue;
    }
    for (const [word, operation] of Object.entries(item)) {
      const method = word.toUpperCase();
      const isKnown = (METHODS as readonly string[]).includes(method);
      if (!isKnown && !OTHER_METHODS.includes(word)) continue;
      const head = headOf(method as OperationMethod, path, operation);
      if (!isJsonObject(operation)) leftOut.push({ head, reason: 'it is no object' });
      else if (!isKnown) leftOut.push({ head, reason: `requests of the method ${method} cannot be sent` });
      else found.push({ ...head, item, operation });
    }
  }
  return { found, leftOut };
}

function headOf(method: OperationMethod, path: string, operation: JsonValue): OperationHead {
  const { operationId, tags } = isJsonObject(operation) ? operation : {};
  return {
    method,
    path,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    ...(typeof operationId === 'string' && operationId !== '' ? { operationId } : {}),
  };
}

function readOperation(
  document: OpenApiDocument,
  { item, operation, ...head }: Found,
  name: string,
  maxSchemaLength: number,
): Operation {
  const { root } = document;
  const { method, path } = head;
  if (!path.startsWith('/')) throw new UnreadableError(`the path "${path}" does not begin with "/"`);
  const input = createSchemaConverter(root, 'input');
  const { parameters, properties, examples } = readParameters(root, { item, operation, path }, input);
  const body = readRequestBody(root, operation['requestBody'], input, new Set(Object.keys(properties)));
  const required = [
    ...parameters.filter((each) => each.required).map(({ property }) => property),
    ...(body?.request.required === true ? [body.request.property] : []),
  ];
  const whole: JsonSchema = {
    type: 'object',
    properties: { ...properties, ...(body === undefined ? {} : { [body.request.property]: body.schema }) },
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
  const answer = readAnswer(root, operation['responses'], createSchemaConverter(root, 'output'), maxSchemaLength);
  return {
    name,
    ...(head.operationId === undefined ? {} : { operationId: head.operationId }),
    method,
    path,
    tags: head.tags,
    description: describe(head, operation),
    deprecated: operation['deprecated'] === true,
    input: input.complete(whole, maxSchemaLength),
    ...(answer.schema === undefined ? {} : { output: answer.schema }),
    parameters,
    ...(body === undefined ? {} : { body: body.request }),
    security: readSecurity(operation['security'] ?? root['security']),
    servers: readServers(operation['servers'], item['servers'], root['servers']),
    sideEffects: !['GET', 'HEAD', 'OPTIONS'].includes(method),
    idempotent: method !== 'POST' && method !== 'PATCH',
    examples: {
      input: { ...examples, ...(body?.example === undefined ? {} : { [body.request.property]: body.example }) },
      ...(answer.example === undefined ? {} : { output: answer.example }),
    },
  };
}

/** The summary, and the description where it says more. Every action has to have one. */
function describe({ method, path }: OperationHead, { summary, description }: JsonObject): string {
  const texts = [summary, description].flatMap((text) =>
    typeof text === 'string' && text.trim() !== '' ? [text.trim()] : [],
  );
  const [first, second] = texts;
  const all =
    second !== undefined && first !== undefined && !second.startsWith(first)
      ? `${first}\n\n${second}`
      : (second ?? first);
  if (all === undefined) return `${method} ${path}`;
  if (all.length < MIN_DESCRIPTION) return `${all} (${method} ${path})`;
  return all.length > MAX_DESCRIPTION ? `${all.slice(0, MAX_DESCRIPTION - 1)}…` : all;
}

function readSecurity(value: JsonValue | undefined): Operation['security'] {
  if (!Array.isArray(value)) return [];
  const requirements = value
    .filter(isJsonObject)
    .map((each) =>
      Object.fromEntries(
        Object.entries(each).map(([scheme, scopes]) => [
          scheme,
          Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
        ]),
      ),
    );
  return requirements;
}
