import type { HostEvents } from '../events/host-events.ts';
import type { EndedCall } from './call-metrics.ts';
import { CallMetrics } from './call-metrics.ts';
import type { CallTracer, TracedCall } from './call-tracer.ts';
import { createCallTracer } from './call-tracer.ts';
import type { BlameReport, HostStats, LineLevel } from '@automate/contract';
import { ExecutionMetrics } from './execution-metrics.ts';
import type { MetricFamily } from './metric-family.ts';
import type { HostObservation } from './host-metrics.ts';
import { HostMetrics } from './host-metrics.ts';
import type { ProcessUsage } from './process-metrics.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { createLogExport } from './log-export.ts';
import { createMetricExport } from './metric-export.ts';
import { renderOpenMetrics } from './open-metrics-text.ts';
import type { Signal, TelemetryLogger } from './otlp.ts';
import { renderPrometheusText } from './prometheus-text.ts';
import { Statistics } from './statistics.ts';
import { parseTraceparent, usableTracestate } from './trace-context.ts';

export interface TelemetryOptions {
  /** The host's version. */
  readonly version: string;
  /** Base URL of an OTLP/HTTP collector. Absent: no spans are made, callers' trace contexts pass through as they are. */
  readonly otlpEndpoint?: string | undefined;
  /** What it is not sent. Default: it is sent everything. */
  readonly otlpWithout?: readonly Signal[] | undefined;
  /** Milliseconds between two exports of metrics. Default 60000. */
  readonly metricExportMs?: number | undefined;
  /** How the host calls itself in spans. Default `automate`. */
  readonly serviceName?: string | undefined;
  readonly logger?: TelemetryLogger | undefined;
  /** Node's `process`, for its memory and CPU time. Absent: those metrics are absent. */
  readonly process?: ProcessUsage | undefined;
  /** Milliseconds between two looks at what workers use. Default 5000. */
  readonly sampleMs?: number | undefined;
  /** Whether this is the id of a connector. Calls of other ids are counted together. Default: every id is. */
  readonly isConnector?: ((id: string) => boolean) | undefined;
}

/** One call, from its arrival to its answer. */
export interface RecordedCall {
  /** Trace context for the worker. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** To be called once. */
  end(result: Omit<EndedCall, 'connector' | 'action'>): void;
}

export interface ArrivedCall {
  readonly connector: string;
  readonly action: string;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** Metrics and traces of the host. Nothing here throws into the work that it watches. */
export interface Telemetry {
  /** Opens the record of a call, and its span where spans are exported. */
  readonly calls: { start(call: ArrivedCall): RecordedCall };
  /** Opens the span of a call that is passed on to another host; undefined where there is none. It is counted at the other host. */
  passOn(call: ArrivedCall): TracedCall | undefined;
  /** Counts what becomes of executions. */
  readonly executions: Omit<ExecutionMetrics, 'families' | 'forget'>;
  /** Counts crashes, checks and webhooks, and drops what was counted for connectors that are removed. */
  listen(events: HostEvents): void;
  /** Sets the function that each scrape asks for the state of the host and its connectors. */
  observe(read: () => HostObservation): void;
  /** How the connectors do. */
  stats(): HostStats;
  /** Which of them make trouble. */
  blame(): BlameReport;
  /** All metrics in Prometheus' text format, version 0.0.4, or in that of OpenMetrics. */
  metricsText(format?: 'text' | 'openmetrics'): Promise<string>;
  /** Takes a line of the log, one JSON object without known secrets, where lines are exported. */
  takeLine(line: string, level: LineLevel): void;
  /** Sends what waits to be sent. Never rejects. */
  flush(): Promise<void>;
  /** Sends what waits, within seconds, and stops. Never rejects; safe to call twice. */
  shutdown(): Promise<void>;
}

const METRIC_EXPORT_MS = 60_000;

/** Rejects with CONFIG_INVALID for an endpoint that is no URL. A collector that is not there is no error. */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { version, otlpEndpoint, serviceName = 'automate', logger } = options;
  const target = { endpoint: otlpEndpoint ?? '', serviceName, version, logger };
  const isSent = (signal: Signal): boolean => target.endpoint !== '' && options.otlpWithout?.includes(signal) !== true;
  const tracer = isSent('traces') ? await createCallTracer(target) : undefined;
  const lines = isSent('logs') ? await createLogExport(target) : undefined;
  const calls = new CallMetrics(options.isConnector ?? (() => true));
  const executions = new ExecutionMetrics();
  const host = new HostMetrics();
  const own = new ProcessMetrics({ usage: options.process, version });
  const statistics = new Statistics({
    version,
    usage: options.process,
    calls,
    observe: () => host.connectors(),
    sampleMs: options.sampleMs,
  });
  const families = (): readonly MetricFamily[] => [
    ...calls.families(),
    ...executions.families(),
    ...host.families(),
    ...statistics.families(),
    ...own.families(),
  ];
  const metrics = isSent('metrics')
    ? await createMetricExport({ ...target, families, everyMs: options.metricExportMs ?? METRIC_EXPORT_MS })
    : undefined;
  const exports = [tracer, lines, metrics].filter((each) => each !== undefined);
  let stopped: Promise<void> | undefined;
  return {
    calls: { start: (call) => new CallUnderWay(call, calls, tracer) },
    passOn: ({ traceparent, tracestate, ...call }) => {
      const parent = tracer && parseTraceparent(traceparent);
      const state = parent && usableTracestate(tracestate);
      return tracer?.start({ ...call, kind: 'forward', parent, tracestate: state });
    },
    executions,
    listen(events) {
      events.on('crash', (id, error, packageVersion) => {
        statistics.ledger.noteCrash(id, error, packageVersion);
        const reason = error.details?.['reason'];
        host.recordCrash(id, typeof reason === 'string' ? reason : 'unknown');
      });
      events.on('webhook', ({ connector, outcome }) => host.recordWebhook(connector, outcome));
      events.on('health', (id, status) => host.recordHealthCheck(id, status));
      events.on('change', (kind, id) => {
        if (kind !== 'removed') return;
        calls.forget(id);
        executions.forget(id);
        host.forget(id);
        statistics.ledger.forget(id);
      });
    },
    observe: (read) => host.observe(read),
    stats: () => statistics.stats(),
    blame: () => statistics.blame(),
    metricsText: async (format = 'text') =>
      format === 'text' ? renderPrometheusText(families()) : renderOpenMetrics(families()),
    takeLine: (line, level) => lines?.take(line, level),
    flush: async () => void (await Promise.all(exports.map((each) => each.flush()))),
    shutdown: () => {
      stopped ??= Promise.all(exports.map((each) => each.shutdown())).then(() => {
        own.close();
        statistics.close();
      });
      return stopped;
    },
  };
}

class CallUnderWay implements RecordedCall {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly #call: ArrivedCall;
  readonly #metrics: CallMetrics;
  readonly #span: TracedCall | undefined;

  constructor(call: ArrivedCall, metrics: CallMetrics, tracer: CallTracer | undefined) {
    this.#call = call;
    this.#metrics = metrics;
    const parent = parseTraceparent(call.traceparent);
    this.tracestate = parent === undefined ? undefined : usableTracestate(call.tracestate);
    this.#span = tracer?.start({
      connector: call.connector,
      action: call.action,
      parent,
      tracestate: this.tracestate,
    });
    this.traceparent = this.#span?.traceparent ?? (parent === undefined ? undefined : call.traceparent);
  }

  end(result: Omit<EndedCall, 'connector' | 'action'>): void {
    const { connector, action } = this.#call;
    this.#metrics.record({ connector, action, ...result, traceparent: this.traceparent });
    this.#span?.end(result);
  }
}
