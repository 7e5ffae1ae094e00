import type { MetricFamily } from './metric-family.ts';
import type { ExportOptions } from './otlp.ts';
import { bounded, EXPORT_TIMEOUT_MS, reportFailures, signalUrl } from './otlp.ts';
import { toMetricData } from './prometheus-text.ts';

export interface MetricExportOptions extends ExportOptions {
  /** All metrics as they are now. */
  families(): readonly MetricFamily[];
  /** Milliseconds between two exports. */
  readonly everyMs: number;
}

export interface MetricExport {
  /** Sends them as they are now. Never rejects. */
  flush(): Promise<void>;
  /** The same, for the last time. */
  shutdown(): Promise<void>;
}

/** Sends all metrics now and then. It does not keep the process alive. Only hosts with a collector load what it needs. */
export async function createMetricExport(options: MetricExportOptions): Promise<MetricExport> {
  const [sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
  ]);
  const url = signalUrl(options.endpoint, 'metrics');
  const exporter = new otlp.OTLPMetricExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  reportFailures(exporter, 'metrics', options);
  const resource = resources.resourceFromAttributes({
    'service.name': options.serviceName,
    'service.version': options.version,
  });
  const startedAt = Date.now();
  const send = (): Promise<void> => {
    const times = { startTime: timeOf(startedAt), endTime: timeOf(Date.now()) };
    const metrics = options.families().map((family) => toMetricData(family, sdk, times));
    return new Promise((resolve) => {
      exporter.export(
        {
          resource,
          scopeMetrics: [{ scope: { name: 'automate', version: options.version }, metrics }],
        },
        () => resolve(),
      );
    });
  };
  const timer = setInterval(() => void send(), options.everyMs).unref();
  return {
    flush: () => bounded(send()),
    async shutdown() {
      clearInterval(timer);
      await bounded(send().then(() => exporter.shutdown()));
    },
  };
}

/** Seconds and nanoseconds, as OpenTelemetry has times. */
function timeOf(ms: number): [number, number] {
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
