import { ConfigInvalidError, until } from '@automate/contract';

/** Where failures to export are reported; pino fits. */
export interface TelemetryLogger {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** Where a kind of telemetry is sent, and in whose name. */
export interface ExportOptions {
  /** Base URL of an OTLP/HTTP collector. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly version: string;
  readonly logger: TelemetryLogger | undefined;
}

/** What is sent there, each below a path of its own. */
export const SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof SIGNALS)[number];

/** How long an export, and so the end of the host, may take. */
export const EXPORT_TIMEOUT_MS = 3_000;

/** In the words of whoever reads the log. */
const WORDS: Readonly<Record<Signal, string>> = { traces: 'spans', metrics: 'metrics', logs: 'lines of the log' };

/** `v1/traces` and the like below the base, as OTEL_EXPORTER_OTLP_ENDPOINT is defined. */
export function signalUrl(endpoint: string, signal: Signal): string {
  const base = URL.parse(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  if (base !== null && (base.protocol === 'http:' || base.protocol === 'https:'))
    return new URL(`v1/${signal}`, base).href;
  throw new ConfigInvalidError(
    `OTEL_EXPORTER_OTLP_ENDPOINT: expected the http or https URL of a collector such as "http://127.0.0.1:4318", received none`,
  );
}

interface Exporter {
  export(batch: unknown, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
}

/** Says once that the collector does not take something, and once that it does again: an outage is not a flood of lines. */
export function reportFailures(exporter: object, signal: Signal, { endpoint, logger }: ExportOptions): void {
  const { origin, pathname } = new URL(signalUrl(endpoint, signal));
  const url = origin + pathname;
  const target = exporter as Exporter;
  const send = target.export.bind(target);
  let failing = false;
  target.export = (batch, done) =>
    send(batch, (result) => {
      const failed = result.code !== 0;
      if (failed && !failing)
        logger?.warn({ url, error: result.error?.message }, `${WORDS[signal]} cannot be exported; calls go on`);
      if (!failed && failing) logger?.info({ url }, `${WORDS[signal]} are exported again`);
      failing = failed;
      done(result);
    });
}

/** Waits for the export, but not for long, and swallows its failure: it has been reported where it happened. */
export async function bounded(work: Promise<void>): Promise<void> {
  const error = (): Error => new Error('the export takes too long');
  await until({ deadline: Date.now() + EXPORT_TIMEOUT_MS + 500, error }, () => work).catch(() => undefined);
}
