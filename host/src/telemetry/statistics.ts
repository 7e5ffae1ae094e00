import type { BlameEntry, BlameReport, ConnectorStats, HostLoad, HostStats, WorkerLoad } from '@automate/contract';
import { FAULTS } from '@automate/contract';
import type { CallMetrics } from './call-metrics.ts';
import { NO_CALLS } from './call-metrics.ts';
import type { LedgerFinding } from './crash-ledger.ts';
import { CrashLedger } from './crash-ledger.ts';
import { findFaults, rounded } from './find-faults.ts';
import type { ConnectorObservation } from './host-metrics.ts';
import { LoopLag } from './loop-lag.ts';
import type { MetricFamily, Sample } from './metric-family.ts';
import type { ProcessUsage } from './process-metrics.ts';
import { Sampler } from './sampler.ts';
import type { CallsBetween } from './usage.ts';
import { callsBetween, presentLife, quantile, usageOf } from './usage.ts';

export interface StatisticsOptions {
  readonly version: string;
  readonly usage: ProcessUsage | undefined;
  readonly calls: CallMetrics;
  observe(): Iterable<ConnectorObservation>;
  /** Milliseconds between two looks. Default 5000; the rates are those of twelve looks. */
  readonly sampleMs?: number | undefined;
}

const SAMPLE_MS = 5_000;
/** Looks at a new worker by which nothing is told of its growth: it fills with what it will keep. */
const WARM_UP_LOOKS = 2;
/** Looks after which what was not found any more has ended. */
const ENDED_LOOKS = 2.5;

/** Tells how the connectors do, and remembers which ones make trouble. */
export class Statistics {
  readonly ledger = new CrashLedger();
  readonly #options: StatisticsOptions;
  readonly #sampleMs: number;
  readonly #sampler: Sampler<ConnectorObservation>;
  readonly #since = new Date().toISOString();
  /** Of the host, at the looks of the window. */
  readonly #cpu: { readonly at: number; readonly ms: number }[] = [];
  #lag: LoopLag | undefined;

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#sampleMs = options.sampleMs ?? SAMPLE_MS;
    this.#sampler = new Sampler(
      {
        everyMs: this.#sampleMs,
        connectors: () => options.observe(),
        calls: (id) => options.calls.totals(id),
      },
      (connectors) => {
        this.#noteCpu();
        // So that it is known since when, whenever somebody asks.
        for (const connector of connectors) this.#faultsOf(connector);
      },
    );
    this.#noteCpu();
  }

  /** What is known of workers from looking at them. */
  families(): readonly MetricFamily[] {
    const running = [...this.#options.observe()].filter(({ use }) => use !== undefined);
    const lags = running.flatMap(({ id }): readonly Sample[] => {
      const lagMs = presentLife(this.#sampler.samplesOf(id)).at(-1)?.worker.lagMs;
      return lagMs === undefined ? [] : [{ labels: { connector: id }, value: lagMs / 1000 }];
    });
    return [
      {
        kind: 'counter',
        name: 'automate_worker_cpu_seconds_total',
        help: 'Processor time of the workers of a connector',
        samples: running.map(({ id }) => ({ labels: { connector: id }, value: this.#sampler.cpuOf(id) / 1000 })),
      },
      {
        kind: 'gauge',
        name: 'automate_worker_loop_lag_seconds',
        help: 'What the last sign of life of a worker took',
        samples: lags,
      },
      {
        kind: 'gauge',
        name: 'automate_worker_memory_limit_bytes',
        help: 'What the worker of a connector may have of memory',
        samples: running.map(({ id, memoryLimitBytes }) => ({ labels: { connector: id }, value: memoryLimitBytes })),
      },
    ];
  }

  stats(): HostStats {
    return {
      at: new Date().toISOString(),
      windowMs: this.#sampler.windowMs,
      host: this.#hostLoad(),
      connectors: [...this.#options.observe()].map((connector) => this.#statsOf(connector)),
    };
  }

  blame(): BlameReport {
    const entries = [...this.#options.observe()].flatMap((connector) => {
      const { id, kind, package: of } = connector;
      const found = [...this.ledger.crashesOf(id), ...this.#faultsOf(connector)];
      return found.map(({ version, ...finding }): BlameEntry => ({
        connector: id,
        kind,
        // A kind that a program handed over has none of its own.
        ...(of === undefined ? {} : { package: of.name, version }),
        ...finding,
      }));
    });
    return {
      at: new Date().toISOString(),
      windowMs: this.#sampler.windowMs,
      entries: entries.toSorted(
        (one, other) => FAULTS.indexOf(one.fault) - FAULTS.indexOf(other.fault) || other.amount - one.amount,
      ),
    };
  }

  close(): void {
    this.#sampler.close();
    this.#lag?.close();
  }

  #faultsOf(connector: ConnectorObservation): readonly LedgerFinding[] {
    const { id } = connector;
    const findings = findFaults(connector, {
      window: this.#sampler.windowOf(id),
      all: this.#sampler.samplesOf(id),
      calls: this.#callsOf(id),
      warmUpMs: WARM_UP_LOOKS * this.#sampleMs,
    });
    return this.ledger.since(id, connector.package?.version ?? '', findings, ENDED_LOOKS * this.#sampleMs);
  }

  /** Those of the window, up to now. */
  #callsOf(id: string): CallsBetween {
    const [first] = this.#sampler.windowOf(id);
    // Before the first look nothing was counted, unless it was used before it was looked at.
    return callsBetween(first?.calls ?? NO_CALLS, this.#options.calls.totals(id));
  }

  #statsOf(connector: ConnectorObservation): ConnectorStats {
    const { id, kind, package: of, isolation, status, queued, inFlight, starts, crashes, circuit } = connector;
    const calls = this.#callsOf(id);
    const errors: Record<string, number> = {};
    for (const { code, value } of calls.errors) errors[code] = (errors[code] ?? 0) + value;
    const [p50, p99] = [quantile(calls.buckets, 0.5), quantile(calls.buckets, 0.99)];
    const { windowMs } = this.#sampler;
    return {
      id,
      kind,
      ...(of === undefined ? {} : { package: of.name, version: of.version }),
      isolation,
      status,
      calls: calls.count,
      callsPerSecond: windowMs === 0 ? 0 : rounded((calls.count * 1000) / windowMs),
      errors,
      ...(p50 === undefined ? {} : { p50Ms: rounded(p50) }),
      ...(p99 === undefined ? {} : { p99Ms: rounded(p99) }),
      inFlight,
      queued,
      restarts: Math.max(0, starts - 1),
      crashes,
      ...(circuit === undefined ? {} : { circuit: circuit.state }),
      ...this.#workerOf(connector),
    };
  }

  #workerOf(connector: ConnectorObservation): { readonly worker?: WorkerLoad } {
    const { id, startedAt, memoryBytes, memoryLimitBytes, utilization } = connector;
    if (startedAt === undefined) return {};
    const life = presentLife(this.#sampler.windowOf(id)).filter(({ worker }) => worker.startedAt === startedAt);
    const used = usageOf(life);
    const lagMs = life.at(-1)?.worker.lagMs;
    return {
      worker: {
        since: new Date(startedAt).toISOString(),
        memoryBytes: Math.round(memoryBytes),
        memoryLimitBytes,
        ...(used?.cpuShare === undefined ? {} : { cpuShare: rounded(used.cpuShare) }),
        loopUtilization: rounded(used?.loopUtilization ?? utilization),
        ...(lagMs === undefined ? {} : { loopLagMs: rounded(lagMs) }),
      },
    };
  }

  #hostLoad(): HostLoad {
    const { version, usage } = this.#options;
    const lag = this.#lag?.read();
    // It wakes the process, so it is measured only where somebody asks.
    this.#lag ??= new LoopLag();
    const [first] = this.#cpu;
    return {
      version,
      since: this.#since,
      ...(usage === undefined ? {} : { memoryBytes: usage.memoryUsage().rss }),
      ...(usage === undefined || first === undefined ? {} : { cpuShare: rounded(shareSince(first, usage)) }),
      ...(lag === undefined ? {} : { loopLagMs: rounded(lag.p99Ms) }),
    };
  }

  #noteCpu(): void {
    const { usage } = this.#options;
    if (usage === undefined) return;
    this.#cpu.push({ at: Date.now(), ms: cpuMsOf(usage) });
    if ((this.#cpu[0]?.at ?? 0) < Date.now() - this.#sampler.windowMs) this.#cpu.shift();
  }
}

function cpuMsOf(usage: ProcessUsage): number {
  const { user, system } = usage.cpuUsage();
  return (user + system) / 1000;
}

function shareSince(before: { readonly at: number; readonly ms: number }, usage: ProcessUsage): number {
  const spanMs = Date.now() - before.at;
  return spanMs <= 0 ? 0 : Math.max(0, cpuMsOf(usage) - before.ms) / spanMs;
}
