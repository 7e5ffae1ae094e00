import type { EventLoopUtilization } from 'node:perf_hooks';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { MetricFamily } from './metric-family.ts';

/** What the process says of itself; Node's `process` object is one. */
export interface ProcessUsage {
  memoryUsage(): { readonly rss: number; readonly heapUsed: number; readonly external: number };
  /** Microseconds. */
  cpuUsage(): { readonly user: number; readonly system: number };
  /** Seconds. */
  uptime(): number;
}

const NANOSECONDS = 1e9;
/** How often the event loop's delay is sampled. Each sample wakes the process. */
const RESOLUTION_MS = 50;

/** Reads the process and its event loop. The loop is watched from the first reading on, so that it costs nothing where nobody scrapes. */
export class ProcessMetrics {
  readonly #usage: ProcessUsage | undefined;
  readonly #version: string;
  #delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
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
    this.#delay?.disable();
  }

  /** Since the last scrape. */
  #loopFamilies(): readonly MetricFamily[] {
    const utilization = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    const busy = gauge('nodejs_eventloop_utilization', 'Share of time that the event loop was busy', since.utilization);
    const delay = this.#delay;
    if (delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#delay.enable();
      return [busy];
    }
    if (delay.count === 0) return [busy];
    const lag = [
      gauge('nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop', delay.mean / NANOSECONDS),
      gauge('nodejs_eventloop_lag_p99_seconds', '99 of 100 delays were shorter', delay.percentile(99) / NANOSECONDS),
      gauge('nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop', delay.max / NANOSECONDS),
    ];
    delay.reset();
    return [busy, ...lag];
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
