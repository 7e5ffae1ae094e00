import type { JsonObject, LineLevel } from '@automate/contract';
import type { ExportOptions } from './otlp.ts';
import { bounded, EXPORT_TIMEOUT_MS, reportFailures, signalUrl } from './otlp.ts';

export interface LogExport {
  /** Takes a line of the log: one JSON object without known secrets. It is sent later. */
  take(line: string, level: LineLevel): void;
  /** Sends what waits. Never rejects. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** As OpenTelemetry numbers them. */
const SEVERITIES: Readonly<Record<LineLevel, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** Sends the lines of the log in batches, in the background. Only hosts with a collector load what it needs. */
export async function createLogExport(options: ExportOptions): Promise<LogExport> {
  const [sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/sdk-logs'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-logs-otlp-http'),
  ]);
  const url = signalUrl(options.endpoint, 'logs');
  const exporter = new otlp.OTLPLogExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  reportFailures(exporter, 'logs', options);
  const provider = new sdk.LoggerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.version,
    }),
    processors: [new sdk.BatchLogRecordProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const logger = provider.getLogger('automate', options.version);
  return {
    take(line, level) {
      const { level: _level, time, msg = '', ...attributes } = JSON.parse(line) as JsonObject;
      logger.emit({
        timestamp: new Date(typeof time === 'string' ? time : Date.now()),
        severityNumber: SEVERITIES[level],
        severityText: level.toUpperCase(),
        body: msg,
        attributes,
      });
    },
    flush: () => bounded(provider.forceFlush()),
    shutdown: () => bounded(provider.shutdown()),
  };
}
