import type { HostSettings } from '../host-settings.ts';
import type { HostLog } from '../log/host-log.ts';
import type { Registry } from '../registry/registry.ts';
import type { LiveConnectors } from '../service/live-connectors.ts';
import type { ProcessUsage } from '../telemetry/process-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';

export interface OpenTelemetryOptions {
  readonly settings: HostSettings;
  readonly version: string;
  readonly log: HostLog;
  readonly registry: Registry;
  readonly process: ProcessUsage | undefined;
}

/** Opens metrics, and traces where a collector is named. `observe` sets what a scrape looks at. */
export async function openTelemetry(
  options: OpenTelemetryOptions,
): Promise<Telemetry & { observe(live: LiveConnectors): void }> {
  const { settings, version, log, registry } = options;
  const telemetry = await createTelemetry({
    version,
    otlpEndpoint: settings.otlpEndpoint,
    logger: log,
    process: options.process,
    isConnector: (id) => registry.find(id) !== undefined,
  });
  return {
    ...telemetry,
    observe(live) {
      telemetry.observeConnectors(() =>
        registry.all().map((entry) => {
          const running = live.find(entry.id);
          const stats = running?.worker.stats();
          return {
            id: entry.id,
            status: live.report(entry).status,
            queued: running?.bulkhead.queued ?? 0,
            inFlight: running?.bulkhead.inFlight ?? 0,
            memoryBytes: stats?.memoryBytes ?? 0,
            starts: stats?.starts ?? 0,
            abandonedThreads: stats?.abandonedThreads ?? 0,
            droppedLogLines: stats?.droppedLogLines ?? 0,
            droppedMessages: stats?.droppedMessages ?? 0,
          };
        }),
      );
    },
  };
}
