import type { JsonObject } from '@automate/contract';
import { ConnectorError, isJsonObject } from '@automate/sdk';
import type { AdapterHealth, ConnectorAdapter } from '@automate/sdk';
import type { AdapterClass, DiscoveredActions } from '@automate/sdk/runtime';
import { actionsOf, checkHealth } from '@automate/sdk/runtime';
import type { OpenAdapterOptions, SecretsChange, TestConfig } from './open-adapter.ts';
import { openAdapter } from './open-adapter.ts';
import type { LogRecord } from './recording-logger.ts';
import { createRecordingLogger } from './recording-logger.ts';

export interface StartConnectorOptions extends Omit<OpenAdapterOptions, 'logger'> {
  /** The endpoint: scheme, host, port and base path of `config`, whose own fields win. */
  readonly url?: string;
  /** Time of each call and health check, in milliseconds. Default: 10000. */
  readonly timeoutMs?: number;
}

/** How one call differs from the others. */
export interface TestCallOptions {
  /** The call's time in milliseconds, in place of the connector's. */
  readonly timeoutMs?: number;
  /** The caller gives up after so many milliseconds. Default: never. */
  readonly cancelAfterMs?: number;
  readonly idempotencyKey?: string;
  /** An earlier attempt of the same call may have taken effect. Default: false. */
  readonly repeated?: boolean;
}

/** An adapter whose actions and health a test asks for without a context. */
export interface StartedConnector<A extends ConnectorAdapter> {
  readonly adapter: A;
  /** What it has logged so far. */
  readonly records: readonly LogRecord[];
  /**
   * Runs an action whose result is an object, and gives the result as it arrives: as JSON. What the action throws is a
   * `ConnectorError`, as in the host; a result that is no object is an `Error`.
   */
  call(action: string, payload?: JsonObject, options?: TestCallOptions): Promise<JsonObject>;
  /** Has the adapter learn its actions from the remote system, as the host does after `connect`. */
  discover(): Promise<DiscoveredActions>;
  /** Never rejects: what the check throws is unhealthy, as in the host. */
  health(options?: Pick<TestCallOptions, 'timeoutMs'>): Promise<AdapterHealth>;
  /** See `OpenedAdapter`. */
  changeSecrets(change: SecretsChange): Promise<readonly string[]>;
  /** Closes adapter and connections. */
  close(): Promise<void>;
}

/** Starts an adapter as `openAdapter` does, at an endpoint, ready to be called. Not yet connected. */
export async function startConnector<A extends ConnectorAdapter>(
  adapterClass: AdapterClass<A>,
  options: StartConnectorOptions = {},
): Promise<StartedConnector<A>> {
  const { url, config, timeoutMs: usualMs = 10_000, ...rest } = options;
  const logger = createRecordingLogger();
  const opened = await openAdapter(adapterClass, {
    ...rest,
    config: { ...(url === undefined ? {} : endpointOf(new URL(url))), ...config },
    logger,
  });
  const { adapter, close } = opened;
  return {
    adapter,
    records: logger.records,
    close,
    changeSecrets: opened.changeSecrets,
    async call(action, payload = {}, { timeoutMs = usualMs, cancelAfterMs, ...rest } = {}) {
      const caller = new AbortController();
      const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => caller.abort(), cancelAfterMs);
      const signal = timer === undefined ? {} : { signal: caller.signal };
      let result: unknown;
      try {
        result = await adapter.execute(action, payload, opened.call(action, { timeoutMs, ...rest, ...signal }));
      } catch (error) {
        throw asInHost(adapter, action, error);
      } finally {
        clearTimeout(timer);
      }
      return asArrived(action, result);
    },
    discover: opened.discover,
    health: ({ timeoutMs = usualMs } = {}) => checkHealth(adapter, opened.call('health', { timeoutMs })),
  };
}

/** What changes nothing has had no effect, however it ended. */
function asInHost(adapter: ConnectorAdapter, action: string, thrown: unknown): ConnectorError {
  const error = adapter.normalizeError(thrown);
  return actionsOf(adapter)[action]?.sideEffects === false ? ConnectorError.change(error, { effect: 'none' }) : error;
}

function asArrived(action: string, result: unknown): JsonObject {
  // Absent for what JSON has no word for, such as a function.
  const text = JSON.stringify(result) as string | undefined;
  const arrived: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isJsonObject(arrived)) return arrived;
  throw new Error(`"${action}" gave ${text ?? String(result)}, not an object; ask adapter.execute() for other results`);
}

function endpointOf({ protocol, hostname, port, pathname }: URL): TestConfig {
  return {
    scheme: protocol.replace(':', ''),
    host: hostname,
    // A URL leaves out its scheme's usual port, and so does the configuration then.
    ...(port === '' ? {} : { port: Number(port) }),
    ...(pathname === '/' || pathname === '' ? {} : { basePath: pathname }),
  };
}
