import type {
  ActionDescription,
  ConnectorCapabilities,
  ConnectorDescription,
  ConnectorType,
  ErrorReason,
} from '@automate/contract';
import { ConnectorInternalError, KIND_PATTERN } from '@automate/contract';
import type { ActionDefinition, ActionTable } from '../action.ts';
import { isDefault } from '../brands.ts';
import type { ConnectorAdapter } from '../connector-adapter.ts';
import { toJsonSchema } from '../json-schema.ts';

export interface AdapterOrigin {
  /** The key in the manifest; the adapter's `name` must equal it. */
  readonly kind: string;
  /** The type in the manifest; the adapter's `type` must equal it, if it has one. */
  readonly type?: ConnectorType | undefined;
  readonly packageName?: string;
  readonly packageVersion?: string;
}

const NO_CAPABILITIES: ConnectorCapabilities = {
  webhooks: false,
  polling: false,
  batch: false,
  idempotencyKey: false,
  oauth: false,
  rateLimitHeaders: false,
};

/**
 * What an adapter says of itself, as data. Needs no context.
 *
 * Throws ConnectorInternalError where the adapter is put together wrongly: reason `name_mismatch`, `type_mismatch`,
 * `bad_description`, `bad_action` or `schema_not_json`.
 */
export function describeAdapter(adapter: ConnectorAdapter, origin: AdapterOrigin): ConnectorDescription {
  const { kind, type, packageName, packageVersion } = origin;
  const { name, version, title, description, configSchema } = adapter;
  if (name !== kind) {
    throw fault(
      'name_mismatch',
      `the manifest calls this kind "${kind}", its adapter calls itself ${show(name)}; the two must be equal`,
    );
  }
  if (type !== undefined && adapter.type !== undefined && adapter.type !== type) {
    throw fault(
      'type_mismatch',
      `the manifest says that the type of "${kind}" is "${type}", its adapter says ${show(adapter.type)}; the two must be equal`,
    );
  }
  if (typeof version !== 'string' || version === '')
    throw fault('bad_description', `"${kind}" has no version, got ${show(version)}`);
  for (const [field, text] of Object.entries({ version, title, description })) requireText(kind, field, text);
  return {
    kind,
    name,
    version,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(packageName === undefined ? {} : { package: { name: packageName, version: packageVersion ?? '' } }),
    capabilities: capabilitiesOf(adapter),
    ...(configSchema === undefined
      ? {}
      : { configSchema: toJsonSchema(configSchema, 'input', `the configSchema of "${kind}"`) }),
    open: !isDefault(adapter.execute),
    actions: describeActions(kind, adapter.actions ?? {}),
    ...(typeof adapter.discoverActions === 'function' ? { discovery: {} } : {}),
  };
}

/** A table of actions as data, in the order of their names. */
export function describeActions(kind: string, table: ActionTable): readonly ActionDescription[] {
  return Object.entries(table)
    .map(([action, definition]) => describeAction(kind, action, definition))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function describeAction(kind: string, name: string, definition: ActionDefinition): ActionDescription {
  const what = `action "${name}" of "${kind}"`;
  if (!KIND_PATTERN.test(name)) throw fault('bad_action', `${what}: a name must match ${KIND_PATTERN.source}`);
  const { description, input, output, sideEffects, idempotent, idempotencyKey, rateLimitClass, timeoutMs } = definition;
  if (typeof description !== 'string' || description === '') throw fault('bad_action', `${what} has no description`);
  requireText(what, 'description', description);
  if (description.trim() === '') throw fault('bad_action', `${what} has no description`);
  if (typeof sideEffects !== 'boolean')
    throw fault('bad_action', `${what}: sideEffects must be true or false, got ${show(sideEffects)}`);
  if (typeof idempotent !== 'boolean')
    throw fault('bad_action', `${what}: idempotent must be true or false, got ${show(idempotent)}`);
  if (typeof definition.run !== 'function') throw fault('bad_action', `${what} has no run`);
  if (typeof input !== 'object' && typeof input !== 'function')
    throw fault('bad_action', `${what} has no input schema`);
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    throw fault('bad_action', `${what}: timeoutMs must be above 0, got ${show(timeoutMs)}`);
  return {
    name,
    description,
    input: toJsonSchema(input, 'input', `the input of ${what}`),
    ...(output === undefined ? {} : { output: toJsonSchema(output, 'output', `the output of ${what}`) }),
    sideEffects,
    idempotent,
    ...(idempotencyKey === false ? { idempotencyKey } : {}),
    ...(rateLimitClass === undefined ? {} : { rateLimitClass }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** Most characters of one text, which goes into lists, forms and documents. */
const TEXT_LENGTH = 64 * 1024;

/** By its length alone: to look into a monstrous text would copy it whole. */
function requireText(what: string, field: string, text: unknown): void {
  if (text === undefined || (typeof text === 'string' && text.length <= TEXT_LENGTH)) return;
  const received = typeof text === 'string' ? `${text.length} characters` : show(text);
  throw fault(
    'bad_description',
    `the ${field} of ${what} must be at most ${TEXT_LENGTH} characters of text, got ${received}`,
  );
}

function capabilitiesOf(adapter: ConnectorAdapter): ConnectorCapabilities {
  const given: Partial<ConnectorCapabilities> = adapter.capabilities ?? {};
  const names = Object.keys(NO_CAPABILITIES) as (keyof ConnectorCapabilities)[];
  return Object.fromEntries(names.map((name) => [name, given[name] === true])) as unknown as ConnectorCapabilities;
}

function fault(reason: ErrorReason, message: string): ConnectorInternalError {
  return new ConnectorInternalError(`${message}; the plugin's author must act`, {
    effect: 'none',
    details: { reason },
  });
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === undefined ? 'nothing' : `a ${typeof value}`;
}
