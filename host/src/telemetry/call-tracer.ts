import type { Span } from '@opentelemetry/api';
import { ConfigInvalidError, until } from '@automate/contract';
import type { CallCode } from './call-metrics.ts';
import { cleanLabel } from './labels.ts';
import type { TraceContext } from './trace-context.ts';
import { formatTraceparent } from './trace-context.ts';

/** Where failures to export are reported; pino fits. */
export interface TelemetryLogger {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

export interface CallTracerOptions {
  /** Base URL of an OTLP/HTTP collector; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly version: string;
  readonly logger: TelemetryLogger | undefined;
}

/** A span under way. */
export interface TracedCall {
  /** For the worker, so that what it does becomes a child of this span. */
  readonly traceparent: string;
  end(result: { readonly code: CallCode; readonly attempts: number }): void;
}

export interface CallTracer {
  /** Undefined when the caller's context says that this trace is not recorded. */
  start(call: {
    readonly connector: string;
    readonly action: string;
    readonly parent: TraceContext | undefined;
    readonly tracestate: string | undefined;
  }): TracedCall | undefined;
  /** Sends what there is. Never rejects. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** How long an export, and so the end of the host, may take. */
const EXPORT_TIMEOUT_MS = 3_000;

/** A tracer that sends spans in batches, in the background. Only hosts with a collector load what it needs. */
export async function createCallTracer(options: CallTracerOptions): Promise<CallTracer> {
  const url = tracesUrl(options.endpoint);
  const [api, sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const exporter = new otlp.OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const { origin, pathname } = new URL(url);
  reportFailures(exporter, origin + pathname, options.logger);
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.version,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const tracer = provider.getTracer('automate', options.version);
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, createTraceState, trace } = api;

  const endSpan = (span: Span, code: CallCode, attempts: number): void => {
    span.setAttribute('automate.attempts', attempts);
    if (code !== 'OK') {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    }
    span.end();
  };

  return {
    start({ connector, action, parent, tracestate }) {
      const context =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: parent.traceId,
              spanId: parent.spanId,
              traceFlags: parent.flags,
              isRemote: true,
              ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
            });
      const attributes = { 'automate.connector': cleanLabel(connector), 'automate.action': cleanLabel(action) };
      const span = tracer.startSpan('automate.execute', { kind: SpanKind.SERVER, attributes }, context);
      if (!span.isRecording()) return undefined;
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: formatTraceparent({ traceId, spanId, flags: traceFlags }),
        end: ({ code, attempts }) => endSpan(span, code, attempts),
      };
    },
    flush: () => bounded(provider.forceFlush()),
    shutdown: () => bounded(provider.shutdown()),
  };
}

/** `v1/traces` below the base, as OTEL_EXPORTER_OTLP_ENDPOINT is defined. */
function tracesUrl(endpoint: string): string {
  const base = URL.parse(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  if (base !== null && (base.protocol === 'http:' || base.protocol === 'https:'))
    return new URL('v1/traces', base).href;
  throw new ConfigInvalidError(
    `OTEL_EXPORTER_OTLP_ENDPOINT: expected the http or https URL of a collector such as "http://127.0.0.1:4318", received none`,
  );
}

interface Exporter {
  export(spans: unknown, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
}

/** Says once that the collector does not take spans, and once that it does again: an outage is not a flood of lines. */
function reportFailures(exporter: object, url: string, logger: TelemetryLogger | undefined): void {
  const target = exporter as Exporter;
  const send = target.export.bind(target);
  let failing = false;
  target.export = (spans, done) =>
    send(spans, (result) => {
      const failed = result.code !== 0;
      if (failed && !failing)
        logger?.warn({ url, error: result.error?.message }, 'spans cannot be exported; calls go on');
      if (!failed && failing) logger?.info({ url }, 'spans are exported again');
      failing = failed;
      done(result);
    });
}

/** Waits for the export, but not for long, and swallows its failure: it has been reported where it happened. */
async function bounded(work: Promise<void>): Promise<void> {
  const error = (): Error => new Error('the export takes too long');
  await until({ deadline: Date.now() + EXPORT_TIMEOUT_MS + 500, error }, () => work).catch(() => undefined);
}
