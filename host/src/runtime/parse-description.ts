import { createHash } from 'node:crypto';
import type {
  ActionDescription,
  ConnectorCapabilities,
  ConnectorDescription,
  JsonObject,
  JsonSchema,
} from '@automate/contract';
import { ConnectorInternalError, isJsonObject, KIND_PATTERN } from '@automate/contract';
import { measureJson } from '@automate/contract/json-text';
import { RESULT_LIMITS, SETTINGS_SCHEMA_LIMITS } from './bounds.ts';
import { parseObject } from './parse-object.ts';
import type { WorkerSpec } from './runtime.ts';

type Origin = Pick<WorkerSpec, 'kind' | 'packageName' | 'packageVersion'>;

const CAPABILITIES = ['webhooks', 'polling', 'batch', 'idempotencyKey', 'oauth', 'rateLimitHeaders'] as const;

/**
 * Reads what a worker says that its adapter can do. Whose it is, the host knows itself. Throws ConnectorInternalError, reason
 * `bad_description`, for what is too long, too deep, or no description; it names the first place.
 */
export function parseDescription(text: string, { kind, packageName, packageVersion }: Origin): ConnectorDescription {
  const value = parseObject(text, RESULT_LIMITS.bytes);
  const refusal = value === undefined ? undefined : measureJson(value, RESULT_LIMITS);
  if (value === undefined || refusal !== undefined)
    throw refused(kind, refusal === undefined ? 'is no JSON object of a length that is taken' : refusal.what);
  const tooMuch = measureJson(value['configSchema'], SETTINGS_SCHEMA_LIMITS);
  if (tooMuch !== undefined) throw refused(kind, `has a configSchema that ${tooMuch.what}`);
  const read = new Reader(kind, value, '');
  return {
    kind,
    name: kind,
    version: read.text('version'),
    ...read.ifThere('title', (name) => read.text(name)),
    ...read.ifThere('description', (name) => read.text(name)),
    package: { name: packageName, version: packageVersion },
    capabilities: parseCapabilities(value['capabilities']),
    ...read.ifThere('configSchema', (name) => read.schema(name)),
    open: read.flag('open'),
    actions: read.list('actions').map((action, index) => parseAction(kind, action, `actions[${index}]`)),
    ...(value['discovery'] === undefined ? {} : { discovery: {} }),
  };
}

/**
 * The description with the actions that a worker learned from the remote system. Its revision tells them from others.
 *
 * @throws as `parseDescription` does
 */
export function withDiscovered(description: ConnectorDescription, text: string): ConnectorDescription {
  const { kind } = description;
  const value = parseObject(text, RESULT_LIMITS.bytes);
  if (value === undefined) throw refused(kind, 'is no JSON object of a length that is taken');
  const read = new Reader(kind, value, '');
  const actions = read.list('actions').map((action, index) => parseAction(kind, action, `actions[${index}]`));
  const leftOut = read.list('leftOut').map((each, index) => {
    const item = new Reader(kind, isJsonObject(each) ? each : {}, `leftOut[${index}].`);
    return { name: item.text('name'), reason: item.text('reason') };
  });
  const revision = createHash('sha256').update(JSON.stringify(actions)).digest('hex').slice(0, 16);
  return { ...description, actions, discovery: { revision, ...(leftOut.length === 0 ? {} : { leftOut }) } };
}

function parseAction(kind: string, value: unknown, path: string): ActionDescription {
  if (!isJsonObject(value)) throw refused(kind, `has no object at ${path}`);
  const read = new Reader(kind, value, `${path}.`);
  const name = read.text('name');
  if (!KIND_PATTERN.test(name)) throw refused(kind, `has no name of an action at ${path}.name`);
  return {
    name,
    description: read.text('description'),
    input: read.schema('input'),
    ...read.ifThere('output', (key) => read.schema(key)),
    sideEffects: read.flag('sideEffects'),
    idempotent: read.flag('idempotent'),
    ...(value['idempotencyKey'] === false ? { idempotencyKey: false as const } : undefined),
    ...read.ifThere('rateLimitClass', (key) => read.text(key)),
    ...read.ifThere('timeoutMs', (key) => read.time(key)),
  };
}

function parseCapabilities(value: unknown): ConnectorCapabilities {
  const given = isJsonObject(value) ? value : {};
  const read = CAPABILITIES.map((name) => [name, given[name] === true] as const);
  return Object.fromEntries(read) as Record<(typeof CAPABILITIES)[number], boolean>;
}

/** Reads the members of one object, each of the type that it must have. */
class Reader {
  readonly #kind: string;
  readonly #value: JsonObject;
  readonly #path: string;

  constructor(kind: string, value: JsonObject, path: string) {
    this.#kind = kind;
    this.#value = value;
    this.#path = path;
  }

  text(name: string): string {
    const value = this.#value[name];
    return typeof value === 'string' ? value : this.#refuse(name, 'text');
  }

  flag(name: string): boolean {
    const value = this.#value[name];
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false');
  }

  time(name: string): number {
    const value = this.#value[name];
    return typeof value === 'number' && value > 0 ? value : this.#refuse(name, 'time above 0');
  }

  schema(name: string): JsonSchema {
    const value = this.#value[name];
    return isJsonObject(value) ? value : this.#refuse(name, 'JSON Schema');
  }

  list(name: string): readonly unknown[] {
    const value = this.#value[name];
    return Array.isArray(value) ? value : this.#refuse(name, 'list');
  }

  ifThere<Name extends string, Value>(name: Name, read: (name: Name) => Value): { readonly [N in Name]?: Value } {
    return this.#value[name] === undefined ? {} : ({ [name]: read(name) } as { readonly [N in Name]?: Value });
  }

  #refuse(name: string, expected: string): never {
    throw refused(this.#kind, `has no ${expected} at ${this.#path}${name}`);
  }
}

function refused(kind: string, what: string): ConnectorInternalError {
  return new ConnectorInternalError(
    `what the adapter of "${kind}" says of itself ${what}; the plugin's author must act`,
    { effect: 'none', details: { reason: 'bad_description' } },
  );
}
