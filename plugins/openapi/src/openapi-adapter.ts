import type { Operation } from '@automate/openapi';
import { listWithin, readSecuritySchemes, serverUrl, showOperation } from '@automate/openapi';
import type {
  ActionDefinition,
  ActionTable,
  AdapterHealth,
  CallContext,
  ConnectorContext,
  DiscoveryContext,
  JsonObject,
  JsonValue,
} from '@automate/sdk';
import { ConnectorAdapter, fromJsonSchema, unjudgedSchema, UpstreamError } from '@automate/sdk';
import { createAuthorizer } from './authorize.ts';
import type { Authorizer } from './authorize.ts';
import { configSchema } from './config.ts';
import type { OpenApiSettings } from './config.ts';
import { loadDocument } from './load-document.ts';
import type { LoadedDocument } from './load-document.ts';
import { keyHeaderOf, runOperation } from './run-operation.ts';
import { createSelector } from './select-operations.ts';

/** Any service that an OpenAPI document describes. */
export default class OpenApiAdapter extends ConnectorAdapter {
  readonly name = 'openapi';
  readonly version = '1.0.0';
  override readonly title = 'OpenAPI';
  override readonly description =
    'Calls any service that an OpenAPI document describes: each of its operations is an action.';
  override readonly capabilities = { idempotencyKey: true, oauth: true };
  override readonly configSchema = configSchema;
  #settings: OpenApiSettings | undefined;
  #loaded: LoadedDocument | undefined;
  #authorizer: Authorizer | undefined;
  /** How many operations are actions, and how many cannot be. */
  #counts = { actions: 0, left_out: 0 };
  /** Where the service is, for its health. */
  #base: string | undefined;

  override initialize(context: ConnectorContext): void {
    this.#settings = configSchema.parse(context.settings);
  }

  /** Requests read `auth` by themselves; those that go on have what they began with. */
  override onSecretsChanged(): void {
    this.initialize(this.context);
    this.#authorizer = this.#loaded && this.#createAuthorizer(this.#loaded);
  }

  /** Reads the document. Whether the service itself answers is for its health to say. */
  override async connect(): Promise<boolean> {
    const { context } = this;
    const settings = this.#known();
    this.#loaded = await loadDocument(settings, context, context.http);
    this.#authorizer = this.#createAuthorizer(this.#loaded);
    return true;
  }

  override discoverActions(context: DiscoveryContext): ActionTable {
    const settings = this.#known();
    const { document } = this.#loaded ?? {};
    if (document === undefined) return {};
    const { operations, leftOut } = listWithin(document, createSelector(settings.include, settings.exclude));
    const table: Record<string, ActionTable[string]> = {};
    this.#base = undefined;
    for (const operation of operations) {
      const base = this.#baseOf(operation, settings);
      if ('problem' in base) {
        context.leaveOut(showOperation(operation), base.problem);
        continue;
      }
      this.#base ??= base.url;
      table[operation.name] = this.#actionOf(operation, base.url, settings);
    }
    for (const { operation, reason } of leftOut) context.leaveOut(operation, reason);
    this.#counts = {
      actions: Object.keys(table).length,
      left_out: leftOut.length + operations.length - Object.keys(table).length,
    };
    return table;
  }

  /** A configured `health_check.path` must answer 2xx; else the service must answer its own address with anything but 401 or 5xx. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const details = { ...this.#counts };
    const answered = await this.probe(context);
    if (answered !== undefined) return { ...answered, details: { ...answered.details, ...details } };
    const url = this.#base === undefined || this.#base === '' ? '/' : this.#base;
    const { status } = await context.http.request({
      method: 'HEAD',
      path: url,
      authorize: true,
      accept: (each) => each === 501 || (each < 500 && each !== 401),
    });
    return {
      status: 'healthy',
      message: `the service answers, ${details.actions} operations are actions`,
      details: { status, ...details },
    };
  }

  #actionOf(operation: Operation, base: string, settings: OpenApiSettings): ActionDefinition<JsonObject, JsonValue> {
    const { input, output, description, sideEffects, idempotent } = operation;
    const described = settings.result === 'body' ? output : undefined;
    const warnOf = (side: string) => ({
      onGivenUp: (what: string) => this.context.logger.warn(`the ${side} of ${showOperation(operation)}: ${what}`),
    });
    const check =
      settings.check_answers === 'off' || output === undefined ? undefined : fromJsonSchema(output, warnOf('answer'));
    return {
      description,
      input: fromJsonSchema<JsonObject>(input, warnOf('input')),
      ...(described === undefined ? {} : { output: unjudgedSchema(described) }),
      sideEffects,
      idempotent,
      ...(keyHeaderOf(operation) === undefined ? { idempotencyKey: false as const } : {}),
      run: async (given, call) => {
        const authorizer = this.#authorizer;
        if (authorizer === undefined) throw new Error('an action ran before its connector was connected');
        const result = await runOperation(operation, given, call, { base, authorizer, result: settings.result });
        const body = settings.result === 'body' ? result : (result as JsonObject)['body'];
        if (check !== undefined) await this.#judge(operation, check, body, call);
        return result;
      },
    };
  }

  /** Documents err, and who reads an answer shall know it. */
  async #judge(
    operation: Operation,
    check: ReturnType<typeof fromJsonSchema>,
    body: unknown,
    call: CallContext,
  ): Promise<void> {
    const judged = await check.schema['~standard'].validate(body);
    if (judged.issues === undefined) return;
    const faults = judged.issues
      .slice(0, 5)
      .map(({ path = [], message }) => `${path.map(String).join('.')}: ${message}`);
    const message = `the answer of ${showOperation(operation)} is not what the document says: ${faults.join('; ')}`;
    if (this.#known().check_answers === 'warn') {
      call.logger.warn(message);
      return;
    }
    throw new UpstreamError(message, {
      retryable: false,
      effect: operation.sideEffects ? 'maybe' : 'none',
      details: { reason: 'unlike_document' },
    });
  }

  #baseOf(operation: Operation, settings: OpenApiSettings): { readonly url: string } | { readonly problem: string } {
    const given = this.getEndpoint() === '' ? settings.base_url : '';
    if (given !== undefined) return { url: given.replace(/\/$/, '') };
    const [server] = operation.servers;
    const { url: documentUrl } = this.#loaded ?? {};
    if (server === undefined && documentUrl === undefined)
      return { problem: 'the document names no server for it: set host or settings.base_url' };
    const found = serverUrl(server ?? { url: '/', variables: {} }, settings.server_variables, documentUrl);
    return 'problem' in found
      ? { problem: `${found.problem}; set host, settings.base_url or settings.server_variables` }
      : { url: found.url.replace(/\/$/, '') };
  }

  #createAuthorizer({ document }: LoadedDocument): Authorizer {
    return createAuthorizer(this.#known(), readSecuritySchemes(document), this.context);
  }

  #known(): OpenApiSettings {
    if (this.#settings !== undefined) return this.#settings;
    throw new Error('the connector is used before it was initialized');
  }
}
