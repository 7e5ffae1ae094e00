import type { Span } from '@opentelemetry/api';
import type { CallCode } from './call-metrics.ts';
import { cleanLabel } from './labels.ts';
import type { ExportOptions } from './otlp.ts';
import { bounded, EXPORT_TIMEOUT_MS, reportFailures, signalUrl } from './otlp.ts';
import type { TraceContext } from './trace-context.ts';
import { formatTraceparent } from './trace-context.ts';

/** A span under way. */
export interface TracedCall {
  /** For the worker, so that what it does becomes a child of this span. */
  readonly traceparent: string;
  end(result: { readonly code: CallCode; readonly attempts: number }): void;
}

export interface CallTracer {
  /** Undefined when the caller's context says that this trace is not recorded. */
  start(call: {
    /** What is done with the call. Default: it is made here. */
    readonly kind?: 'execute' | 'forward';
    readonly connector: string;
    readonly action: string;
    readonly parent: TraceContext | undefined;
    readonly tracestate: string | undefined;
  }): TracedCall | undefined;
  /** Sends what there is. Never rejects. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A tracer that sends spans in batches, in the background. Only hosts with a collector load what it needs. */
export async function createCallTracer(options: ExportOptions): Promise<CallTracer> {
  const url = signalUrl(options.endpoint, 'traces');
  const [api, sdk, resources, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const exporter = new otlp.OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  reportFailures(exporter, 'traces', options);
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
    start({ kind = 'execute', connector, action, parent, tracestate }) {
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
      const span = tracer.startSpan(
        `automate.${kind}`,
        { kind: kind === 'execute' ? SpanKind.SERVER : SpanKind.CLIENT, attributes },
        context,
      );
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
