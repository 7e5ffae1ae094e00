import type { EventLoopUtilization } from 'node:perf_hooks';
import { performance } from 'node:perf_hooks';
import { LoopLag } from './loop-lag.ts';
import type { MetricFamily } from './metric-family.ts';

/** What the process says of itself; Node's `process` object is one. */
export interface ProcessUsage {
  memoryUsage(): { readonly rss: number; readonly heapUsed: number; readonly external: number };
  /** Microseconds. */
  cpuUsage(): { readonly user: number; readonly system: number };
  /** Seconds. */
  uptime(): number;
}

/** Reads the process and its event loop. The loop is watched from the first reading on, so that it costs nothing where nobody scrapes. */
export class ProcessMetrics {
  readonly #usage: ProcessUsage | undefined;
  readonly #version: string;
  #lag: LoopLag | undefined;
  #utilization: EventLoopUtilization | undefined;

  constructor(options: { readonly usage: ProcessUsage | undefined; readonly version: string }) {
    this.#usage = options.usage;
    this.#version = options.version;
  }

  families(): readonly MetricFamily[] {
    return [
      {
        kind: 'gauge',
        name: 'automate_build_info',
        help: 'Version of the host',
        samples: [{ labels: { version: this.#version }, value: 1 }],
      },
      ...this.#loopFamilies(),
      ...(this.#usage === undefined ? [] : usageFamilies(this.#usage)),
    ];
  }

  close(): void {
    this.#lag?.close();
  }

  /** Since the last scrape. */
  #loopFamilies(): readonly MetricFamily[] {
    const utilization = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    const busy = gauge('nodejs_eventloop_utilization', 'Share of time that the event loop was busy', since.utilization);
    const lag = this.#lag?.read();
    this.#lag ??= new LoopLag();
    if (lag === undefined) return [busy];
    return [
      busy,
      gauge('nodejs_eventloop_lag_mean_seconds', 'How late the event loop was on average', lag.meanMs / 1000),
      gauge('nodejs_eventloop_lag_p99_seconds', '99 of 100 times it was less late', lag.p99Ms / 1000),
      gauge('nodejs_eventloop_lag_max_seconds', 'How late it was at the most', lag.maxMs / 1000),
    ];
  }
}

function usageFamilies(usage: ProcessUsage): readonly MetricFamily[] {
  const memory = usage.memoryUsage();
  const cpu = usage.cpuUsage();
  return [
    {
      kind: 'counter',
      name: 'process_cpu_seconds_total',
      help: 'CPU time used, threads included',
      samples: [{ labels: {}, value: (cpu.user + cpu.system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory of the process', memory.rss),
    gauge('nodejs_heap_used_bytes', "Heap in use in the host's own thread", memory.heapUsed),
    gauge('nodejs_external_memory_bytes', "Memory of buffers of the host's own thread", memory.external),
    gauge('process_uptime_seconds', 'How long the process has run', usage.uptime()),
  ];
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: 'gauge', name, help, samples: [{ labels: {}, value }] };
}
