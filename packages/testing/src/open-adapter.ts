import type { CallProgress, ConnectorConfigInput, JsonObject } from '@automate/contract';
import { ConfigInvalidError, describeProblem } from '@automate/contract';
import { parseConnectorConfig, toWireConfig } from '@automate/contract/schemas';
import type { CallContext, ConnectorAdapter, ConnectorContext, Logger } from '@automate/sdk';
import type { AdapterClass, ContextChange, DiscoveredActions } from '@automate/sdk/runtime';
import {
  attachContext,
  createCallContext,
  createConnectorContext,
  discoverActions,
  rateLimitClassOf,
  renewConnectorContext,
  validateSettings,
} from '@automate/sdk/runtime';
import { scopeAdapter } from './permissions/connector-scope.ts';
import { createRecordingLogger } from './recording-logger.ts';

/** A connector's configuration as a test gives it: the id defaults to `test`, the kind to the adapter's name. */
export type TestConfig = Partial<Omit<ConnectorConfigInput, 'settings' | 'profile'>>;

export interface OpenAdapterOptions {
  readonly config?: TestConfig;
  /** The kind's own settings; checked against its `configSchema` as the host does. */
  readonly settings?: JsonObject;
  /** Secrets of a connection profile. They fill what `config.auth` leaves out: `{ token: '…' }`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The proxies of the host's environment. Default: none. */
  readonly proxies?: ConnectorContext['proxies'];
  /** Default: a recording logger. */
  readonly logger?: Logger;
}

/** An adapter that was started as the host starts one, short of `connect`. */
export interface OpenedAdapter<A extends ConnectorAdapter> {
  readonly adapter: A;
  readonly context: ConnectorContext;
  /** The context of one call. Default time: the connector's `limits.timeoutMs`. */
  call(
    action: string,
    options?: {
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
      readonly idempotencyKey?: string;
      readonly repeated?: boolean;
      /** Hears what the action tells of how far it is. */
      readonly onProgress?: (now: CallProgress) => void;
    },
  ): CallContext;
  /** Has the adapter learn its actions from the remote system, as the host does after `connect`. */
  discover(): Promise<DiscoveredActions>;
  /**
   * Gives it other secrets as the host does where an adapter has `onSecretsChanged`, and calls that. What is left out stays as it is. Gives
   * the places that differ, which the hook was told; rejects with what it throws.
   */
  changeSecrets(change: SecretsChange): Promise<readonly string[]>;
  /** Closes adapter and connections. */
  close(): Promise<void>;
}

/** What `changeSecrets` replaces, each whole. */
export interface SecretsChange extends Pick<OpenAdapterOptions, 'settings' | 'secrets'> {
  readonly auth?: TestConfig['auth'];
}

/** Starts an adapter: checks configuration and settings, attaches a context, initialises. */
export async function openAdapter<A extends ConnectorAdapter>(
  adapterClass: AdapterClass<A>,
  options: OpenAdapterOptions = {},
): Promise<OpenedAdapter<A>> {
  const { settings = {}, secrets, proxies, logger = createRecordingLogger() } = options;
  const adapter = new adapterClass();
  const profile = secrets === undefined ? {} : { profile: 'test' };
  const parsed = parseConnectorConfig(
    toWireConfig({ id: 'test', kind: adapter.name, ...options.config, settings, ...profile }),
  );
  const problems = [...(parsed.ok ? [] : parsed.problems), ...(await validateSettings(adapter, settings))];
  if (!parsed.ok || problems.length > 0) {
    throw new ConfigInvalidError(
      `the test's configuration of "${adapter.name}" is wrong: ${problems.map(describeProblem).join('; ')}`,
      { problems },
    );
  }
  const closing = new AbortController();
  let given: Pick<ContextChange, 'config' | 'settings'> & {
    readonly secrets: OpenAdapterOptions['secrets'] | undefined;
  } = {
    config: parsed.config,
    settings,
    secrets,
  };
  const context = createConnectorContext({
    id: parsed.config.id,
    config: parsed.config,
    settings,
    ...profileOf(secrets),
    ...(proxies === undefined ? {} : { proxies }),
    logger,
    signal: closing.signal,
  });
  attachContext(adapter, context);
  const { auth: _secrets, ...named } = parsed.config;
  scopeAdapter(adapter, [named, settings]);
  await adapter.initialize(context);
  const call: OpenedAdapter<A>['call'] = (
    action,
    { timeoutMs = parsed.config.limits.timeoutMs, signal, idempotencyKey, repeated = false, onProgress } = {},
  ) =>
    createCallContext(context, {
      action,
      deadline: Date.now() + timeoutMs,
      signal: () => signal ?? closing.signal,
      repeated,
      onProgress,
      rateLimitClass: rateLimitClassOf(adapter, action),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  return {
    adapter,
    context,
    call,
    discover: () => discoverActions(adapter, call('discover')),
    async changeSecrets({ auth, settings: own, secrets: shared }) {
      given = {
        config: auth === undefined ? given.config : { ...given.config, auth: { type: 'none', ...auth } },
        settings: own ?? given.settings,
        secrets: shared ?? given.secrets,
      };
      const names = renewConnectorContext(context, {
        config: given.config,
        settings: given.settings,
        ...profileOf(given.secrets),
      });
      if (names.length > 0) await adapter.onSecretsChanged?.({ names });
      return names;
    },
    async close() {
      closing.abort();
      await adapter.close();
    },
  };
}

function profileOf(secrets: OpenAdapterOptions['secrets'] | undefined): Pick<ContextChange, 'profile'> {
  return secrets === undefined ? {} : { profile: { name: 'test', environment: 'test', settings: {}, secrets } };
}
