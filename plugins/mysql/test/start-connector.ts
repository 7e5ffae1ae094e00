import { isJsonObject } from '@automate/sdk';
import type { AdapterHealth, ConnectorAdapter, JsonObject } from '@automate/sdk';
import type { AdapterClass } from '@automate/sdk/runtime';
import { checkHealth } from '@automate/sdk/runtime';
import type { OpenAdapterOptions, TestConfig } from '@automate/testing';
import { createRecordingLogger, openAdapter } from '@automate/testing';

/** A connector as a test starts it; `url` is its endpoint. */
export interface StartOptions extends Omit<OpenAdapterOptions, 'logger'> {
  readonly url?: string;
}

/** A started adapter with its actions and its health ready to be asked. */
export async function startConnector<A extends ConnectorAdapter>(
  adapterClass: AdapterClass<A>,
  options: StartOptions = {},
) {
  const { url, config, ...rest } = options;
  const logger = createRecordingLogger();
  const opened = await openAdapter(adapterClass, {
    ...rest,
    config: { ...(url === undefined ? {} : endpointOf(new URL(url))), ...config },
    logger,
  });
  const { adapter, call, close } = opened;
  return {
    adapter,
    records: logger.records,
    close,
    /** Runs an action whose result is an object, and gives the result as it would arrive. */
    async call(action: string, payload: JsonObject = {}, timeoutMs = 10_000): Promise<JsonObject> {
      try {
        const result: unknown = JSON.parse(
          JSON.stringify(await adapter.execute(action, payload, call(action, { timeoutMs }))),
        );
        if (isJsonObject(result)) return result;
      } catch (error) {
        throw adapter.normalizeError(error);
      }
      throw new Error(`${action} gave no object`);
    },
    health: (timeoutMs = 10_000): Promise<AdapterHealth> => checkHealth(adapter, call('health', { timeoutMs })),
  };
}

function endpointOf({ protocol, hostname, port, pathname }: URL): TestConfig {
  return {
    scheme: protocol.replace(':', ''),
    host: hostname,
    port: Number(port),
    ...(pathname === '/' ? {} : { basePath: pathname }),
  };
}
