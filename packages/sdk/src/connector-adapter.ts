// Long, as what an adapter is and may be asked stands in one class, in the words that its authors read.
import type {
  ConnectorCapabilities,
  ConnectorConfig,
  ConnectorError,
  ConnectorType,
  JsonObject,
  JsonValue,
} from '@automate/contract';
import {
  buildEndpoint,
  ConnectorInternalError,
  didYouMean,
  InvalidInputError,
  quote,
  UnknownActionError,
} from '@automate/contract';
import type { ActionTable, Schema } from './action.ts';
import { actionsOf } from './actions-of.ts';
import { ADAPTER_BRAND, ADAPTER_PROTOCOL, CONTEXT_KEY, markDefault } from './brands.ts';
import type { CallContext, ConnectorContext, DiscoveryContext } from './connector-context.ts';
import { withDeadline } from './deadline.ts';
import type { AdapterHealth } from './health.ts';
import { healthOf, probePath } from './health.ts';
import type { HttpRequest } from './http-client.ts';
import { maskConfig, secretsOf } from './masking.ts';
import { normalizeError } from './normalize-error.ts';
import { redactError } from './redact-error.ts';
import type { Redactor } from './redact.ts';
import { createRedactor } from './redact.ts';
import { findReservedKey } from './reserved-key.ts';
import { validate } from './validation.ts';
import type { WebhookHeaders, WebhookVerdict } from './webhook.ts';

/** One thing that is wrong with a kind's settings. `path` is within the settings: `retention.days`; empty for the whole. */
export interface SettingsError {
  readonly path: string;
  readonly message: string;
  /** What would have been right. Default: `message`. */
  readonly expected?: string;
  /** What was found, without secrets. Default: the value at the path. */
  readonly received?: string;
}

/** What `validateConfig` answers. */
export interface ConfigValidation {
  readonly ok: boolean;
  readonly errors: readonly SettingsError[];
}

/** What `onSecretsChanged` is told. */
export interface SecretsChanged {
  /** Where in the context something is new, by the names that the configuration has: `auth.token`, `settings.key`, `profile.secrets.hook`. */
  readonly names: readonly string[];
}

/**
 * The base class of every connector kind. A module of the connector package exports its subclass as default, and the
 * host makes one object of it per connector.
 *
 * There are two forms. Real connectors declare their actions in `actions`, from which validation, documentation, forms
 * and agent tools follow. The short form overrides `execute`; the host then knows nothing of the actions and never
 * repeats one after an unknown outcome.
 *
 * What is thrown anywhere becomes a `ConnectorError` by `normalizeError`; throw the right subclass where you know better.
 */
export abstract class ConnectorAdapter {
  static {
    Object.defineProperty(this, ADAPTER_BRAND, { value: ADAPTER_PROTOCOL });
    for (const method of [this.prototype.execute, this.prototype.healthCheck, this.prototype.verifyWebhook])
      markDefault(method);
  }

  /** The kind's name; equal to its key under `automate.connectors` in package.json. */
  abstract readonly name: string;
  /** The adapter's version, as semver. */
  abstract readonly version: string;

  /** The connector's id, by which it is configured and called. Throws before the start, as `context` does. */
  get id(): string {
    return this.context.id;
  }

  // `declare`: a field of the base class would hide a getter of the subclass.
  /** The kind's type; equal to `type` in the manifest, which is what lists and filters go by. */
  declare readonly type?: ConnectorType;
  /** The kind's name for people. */
  declare readonly title?: string;
  /** What the kind connects to, in a sentence or two. */
  declare readonly description?: string;
  /** What the kind can do beyond actions. All default to false. */
  declare readonly capabilities?: Partial<ConnectorCapabilities>;
  /** Schema of the connector's own `settings`. Mark secrets with `writeOnly: true` in its JSON Schema (zod: `.meta({ writeOnly: true })`). */
  declare readonly configSchema?: Schema;
  /** The kind's actions by name; see `action()`. */
  declare readonly actions?: ActionTable;

  /** Is the remote system reachable, and are we authorised? Answers false or throws where not. Must not change anything there. */
  abstract connect(): Promise<boolean> | boolean;

  /**
   * The actions that the remote system offers, besides those of `actions`. Kinds whose actions come from there have it: it is
   * asked after each `connect`, and again after `context.actionsChanged()`. What it answers belongs to this one connector.
   * Where it fails, so does the start; a later failure leaves the actions as they were.
   */
  discoverActions?(context: DiscoveryContext): Promise<ActionTable> | ActionTable;

  /** Called once per start, before `connect`. Does nothing by itself; an override need not call it. */
  initialize(_context: ConnectorContext): Promise<void> | void {}

  /**
   * A kind that has this method takes new secrets without a new start. It is called when what references lead to, or the connection
   * profile, is another than before; `context` has the new values already: `context.http`, which reads them with each request, and
   * whatever is read from `context` later need nothing more. What was made of the old ones, such as a client or a session, is to be made
   * anew here. Calls go on meanwhile; those that come wait until it has ended, for as long as a start may take at most
   * (`limits.start_timeout`). Where it throws or takes longer, and for kinds without it, the connector starts again once calls under way
   * have ended.
   */
  onSecretsChanged?(changed: SecretsChanged): Promise<void> | void;

  /**
   * How the connector is. By default a GET on `health_check.path`, which must answer 2xx, where a path is configured and
   * the endpoint is an http one; else `connect()`. Rejects where it is not well: the error says how.
   */
  async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const answered = await this.probe(context);
    if (answered !== undefined) return answered;
    const connected = await withDeadline({ deadline: context.deadline, what: 'the connection check' }, () =>
      this.connect(),
    );
    return healthOf(connected, this.getEndpoint());
  }

  /**
   * The GET on `health_check.path`, for kinds whose health is more than that. Undefined where no path is configured or the
   * endpoint is not an http one; rejects where the answer is not 2xx.
   *
   * @param request.authorize false for kinds whose `auth` is not HTTP's
   */
  protected async probe(
    { http }: CallContext,
    request: Pick<HttpRequest, 'authorize'> = {},
  ): Promise<AdapterHealth | undefined> {
    const path = probePath(this.context.config);
    if (path === undefined) return undefined;
    const { status } = await http.request({ ...request, path });
    return { status: 'healthy', message: `GET ${path} answered ${status}`, details: { status } };
  }

  /**
   * Runs an action. By default: checks the payload against the action's input schema, runs it, checks what came out.
   * Rejects with UnknownActionError for a name that is not in the table, and InvalidInputError with every problem of the payload.
   */
  async execute(action: string, payload: JsonObject, context: CallContext): Promise<JsonValue> {
    const table = actionsOf(this);
    const definition = Object.hasOwn(table, action) ? table[action] : undefined;
    if (definition === undefined) {
      const known = Object.keys(table).toSorted();
      const choice = known.length === 0 ? 'it has none' : `it has: ${listSome(known)}`;
      throw new UnknownActionError(
        `"${this.name}" has no action ${quote(action)}${didYouMean(action, known)}; ${choice}`,
        { details: { action, known: known.slice(0, MOST_NAMED) } },
      );
    }
    // A key that nobody hands on would have the call repeated for nothing's sake.
    if (definition.idempotencyKey === false && context.idempotencyKey !== undefined)
      throw new InvalidInputError(`"${action}" takes no idempotency key: the remote system has none for it`, {
        problems: [{ path: 'idempotency_key', expected: 'nothing, for this action', received: 'a key' }],
      });
    const input = await validate(definition.input, payload);
    if (!input.ok) {
      const all = input.problems
        .map(({ path, message }) => `${path === '' ? 'the payload' : path}: ${message}`)
        .join('; ');
      throw new InvalidInputError(`the payload of "${action}" is wrong: ${all}`, { problems: input.problems });
    }
    const dropped = findReservedKey(payload);
    if (dropped !== undefined && findReservedKey(input.value) === undefined)
      throw new InvalidInputError(`the payload of "${action}" has a member called __proto__, which it cannot take`, {
        details: { reason: 'reserved_key', path: dropped },
        problems: [{ path: dropped, expected: 'another name', received: 'the reserved name __proto__' }],
      });
    const result: unknown = await definition.run(input.value as never, context);
    if (definition.output === undefined) return (result ?? null) as JsonValue;
    const output = await validate(definition.output, result);
    if (output.ok) {
      const lost = findReservedKey(result);
      if (lost !== undefined && findReservedKey(output.value) === undefined)
        throw reservedKey(lost, definition.sideEffects);
      return output.value as JsonValue;
    }
    const all = output.problems
      .map(({ path, message }) => `${path === '' ? 'the result' : path}: ${message}`)
      .join('; ');
    throw new ConnectorInternalError(
      `what "${action}" returned does not match its output schema (${all}); the plugin's author must act`,
      { details: { reason: 'output_invalid', action } },
    );
  }

  /** Checks settings before they are accepted: by default against `configSchema`. Needs neither context nor network. */
  async validateConfig(settings: JsonObject): Promise<ConfigValidation> {
    if (this.configSchema === undefined) return { ok: true, errors: [] };
    const result = await validate(this.configSchema, settings);
    if (result.ok) return { ok: true, errors: [] };
    return {
      ok: false,
      errors: result.problems.map(({ message, ...rest }) => ({ ...rest, message: message ?? rest.expected })),
    };
  }

  /** Makes a `ConnectorError` of anything thrown. Override it to know the remote system's own errors, and end in `super`. */
  normalizeError(error: unknown): ConnectorError {
    return redactError(normalizeError(error), redactorOf(this));
  }

  /** A copy of the data without secrets: values of keys that mean one, and the connector's own secret values anywhere. */
  redact<T extends JsonValue | undefined>(data: T): T {
    return redactorOf(this).data(data);
  }

  /**
   * Whether a webhook was sent by the remote system: what came to `POST /hooks/{id}` of the host. Kinds with `capabilities.webhooks`
   * override it; by default nothing is genuine. It is called once `initialize` has ended, whether the connector is connected or not, and for
   * whatever anybody sends: decide by the signature, in constant time, and ask nobody. Where it takes
   * longer than five seconds, or throws a `ConnectorError`, the sender is asked to come again (503); anything else that it throws counts as
   * false, and is told in the log.
   *
   * @param _headers those that were sent, without cookies and what is between two hops; names in small letters
   * @param _rawBody the body as it came, which is what was signed
   * @returns true or false; or a verdict, which also says what a delivery is called, whether it is to be delivered, and how it is answered
   */
  verifyWebhook(
    _headers: WebhookHeaders,
    _rawBody: string | Uint8Array,
  ): Promise<boolean | WebhookVerdict> | boolean | WebhookVerdict {
    return false;
  }

  /** URL of the remote system: scheme, host, port and base path. Empty without a host. */
  getEndpoint(): string {
    return buildEndpoint(this.context.config);
  }

  /** The connector's configuration with every secret masked. */
  getConfig(): ConnectorConfig {
    return maskConfig(this.context, this.configSchema);
  }

  /** Lets go of everything. Called once the last call has ended; must be safe to call twice and end within seconds. */
  close(): Promise<void> | void {}

  /**
   * What the connector was started with, and, where it has `onSecretsChanged`, was given since. Throws before the start: use it in
   * methods, not in field initialisers.
   */
  protected get context(): ConnectorContext {
    const context = attachedTo(this);
    if (context !== undefined) return context;
    throw new ConnectorInternalError(
      `"${this.name}" used its context before it was started; the plugin's author must move that into initialize, connect or an action`,
      { effect: 'none', details: { reason: 'not_started' } },
    );
  }
}

/** Actions that an error names. */
const MOST_NAMED = 50;

function listSome(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Whoever asked can have it under another name; what was changed is changed. */
function reservedKey(path: string, sideEffects: boolean): ConnectorError {
  const message = `the result has a member called __proto__, at "${path}", which cannot be passed on: ask for it under another name`;
  const options = { blame: 'caller', details: { reason: 'reserved_key', path } } as const;
  return sideEffects ? new ConnectorInternalError(message, options) : new InvalidInputError(message, options);
}

function attachedTo(adapter: ConnectorAdapter): ConnectorContext | undefined {
  return (adapter as { readonly [CONTEXT_KEY]?: ConnectorContext })[CONTEXT_KEY];
}

const REDACTOR = Symbol('redactor');

interface KeptRedactor {
  readonly auth: ConnectorContext['config']['auth'];
  readonly secrets: readonly string[];
  readonly redactor: Redactor;
}

/** Made once per start and with each change of secrets: finding them means reading the schema. Knows those before as well, which calls under way still use. */
function redactorOf(adapter: ConnectorAdapter): Redactor {
  const context = attachedTo(adapter);
  if (context === undefined) return createRedactor();
  const kept = (adapter as { [REDACTOR]?: KeptRedactor })[REDACTOR];
  const { auth } = context.config;
  if (kept?.auth === auth) return kept.redactor;
  const secrets = secretsOf(context, adapter.configSchema);
  const redactor = createRedactor([...secrets, ...(kept?.secrets ?? [])]);
  Object.defineProperty(adapter, REDACTOR, { value: { auth, secrets, redactor }, configurable: true });
  return redactor;
}
