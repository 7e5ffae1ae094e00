import { isJsonObject } from '@automate/sdk';
import type { AdapterHealth, ConnectorAdapter, ConnectorConfig, JsonObject, LogLevel, Logger } from '@automate/sdk';
import { attachContext, checkHealth, createCallContext, createConnectorContext } from '@automate/sdk/runtime';
import { LOG_LEVELS } from '@automate/sdk';

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: JsonObject | undefined;
}

export interface StartOptions {
  /** The endpoint; absent, the connector has no host. */
  readonly url?: string;
  readonly config?: Partial<ConnectorConfig>;
  readonly settings?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** An adapter that was started as the host does it, without a thread around it. */
export async function startConnector<A extends ConnectorAdapter>(Adapter: new () => A, options: StartOptions = {}) {
  const adapter = new Adapter();
  const closing = new AbortController();
  const records: LogRecord[] = [];
  const settings = options.settings ?? {};
  const context = createConnectorContext({
    id: adapter.name,
    config: configOf(adapter.name, settings, options),
    settings,
    ...(options.secrets === undefined
      ? {}
      : { profile: { name: 'test', environment: 'test', settings: {}, secrets: options.secrets } }),
    logger: recordingLogger(records),
    signal: closing.signal,
  });
  attachContext(adapter, context);
  await adapter.initialize(context);
  const callContext = (action: string, timeoutMs: number) =>
    createCallContext(context, {
      action,
      deadline: Date.now() + timeoutMs,
      signal: () => AbortSignal.timeout(timeoutMs),
    });
  return {
    adapter,
    records,
    /** Runs an action; its result is an object in all of ours. */
    async call(action: string, payload: JsonObject = {}, timeoutMs = 10_000): Promise<JsonObject> {
      const result = await adapter.execute(action, payload, callContext(action, timeoutMs)).catch((error: unknown) => {
        throw adapter.normalizeError(error);
      });
      if (!isJsonObject(result)) throw new Error(`${action} gave no object`);
      return JSON.parse(JSON.stringify(result)) as JsonObject;
    },
    health: (timeoutMs = 10_000): Promise<AdapterHealth> => checkHealth(adapter, callContext('health', timeoutMs)),
    async close(): Promise<void> {
      await adapter.close();
      closing.abort();
    },
  };
}

function configOf(id: string, settings: JsonObject, { url, config }: StartOptions): ConnectorConfig {
  const endpoint = url === undefined ? undefined : new URL(url);
  return {
    id,
    name: id,
    description: '',
    kind: id,
    mode: 'local',
    enabled: true,
    scheme: endpoint?.protocol.replace(':', '') ?? 'http',
    ...(endpoint === undefined ? {} : { host: endpoint.hostname, port: Number(endpoint.port) }),
    ...(endpoint === undefined || endpoint.pathname === '/' ? {} : { basePath: endpoint.pathname }),
    auth: { type: 'none' },
    settings,
    metadata: {},
    tags: [],
    healthCheck: { enabled: true, intervalMs: 30_000, timeoutMs: 5_000 },
    limits: { concurrency: 16, queue: 64, timeoutMs: 30_000, startTimeoutMs: 10_000, memoryMb: 128 },
    retry: { attempts: 3, backoffMs: 200, maxBackoffMs: 10_000 },
    isolation: 'thread',
    ...config,
  };
}

function recordingLogger(records: LogRecord[]): Logger {
  const entries = LOG_LEVELS.map((level) => [
    level,
    (message: string, fields?: JsonObject) => void records.push({ level, message, fields }),
  ]);
  return Object.fromEntries(entries) as Logger;
}
