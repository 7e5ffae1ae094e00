import type { ExecutionStatus } from '@automate/contract';
import { EXECUTION_STATUSES } from '@automate/contract';
import { cleanLabel, OTHER } from './labels.ts';
import type { Distribution, MetricFamily, Sample } from './metric-family.ts';

/** Upper bounds of the buckets, in seconds: executions may take hours. */
const BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400] as const;

const ENDS = EXECUTION_STATUSES.filter((status) => status !== 'queued' && status !== 'running');

/** Connectors that get series of their own; the rest is counted together as `other`. */
const MAX_CONNECTORS = 5_000;

/** How many executions of a connector there are now, in what hosts share. */
export interface ExecutionCounts {
  readonly connector: string;
  /** Those that could be run. */
  readonly queued: number;
  readonly running: number;
  readonly deadLetters: number;
}

interface Spread {
  readonly buckets: number[];
  seconds: number;
}

interface Series {
  readonly ended: Map<ExecutionStatus, number>;
  readonly waits: Spread;
  readonly runs: Spread;
}

/** Counts what this host did with executions. */
export class ExecutionMetrics {
  readonly #connectors = new Map<string, Series>();
  #count: () => readonly ExecutionCounts[] = () => [];

  /** Sets the function that each scrape asks how many there are. */
  observe(count: () => readonly ExecutionCounts[]): void {
    this.#count = count;
  }

  /** One began to run for the first time. */
  recordWait(connector: string, ms: number): void {
    add(this.#of(connector).waits, ms);
  }

  /** A run ended, whatever became of it. */
  recordRun(connector: string, ms: number): void {
    add(this.#of(connector).runs, ms);
  }

  recordEnd(connector: string, status: ExecutionStatus): void {
    const { ended } = this.#of(connector);
    ended.set(status, (ended.get(status) ?? 0) + 1);
  }

  /** Drops the series of a connector that is gone. */
  forget(connector: string): void {
    this.#connectors.delete(connector);
  }

  families(): readonly MetricFamily[] {
    const counts = this.#count();
    // Who counts what has come anew since the last scrape has to have seen the 0 before.
    for (const { connector } of counts) this.#of(connector);
    const all = [...this.#connectors].map(([id, series]) => ({ labels: { connector: cleanLabel(id) }, ...series }));
    const now = (read: (each: ExecutionCounts) => number): readonly Sample[] =>
      counts.map((each) => ({ labels: { connector: cleanLabel(each.connector) }, value: read(each) }));
    return [
      {
        kind: 'gauge',
        name: 'automate_executions_queued',
        help: 'Executions that could be run and wait for a place, over all hosts',
        samples: now(({ queued }) => queued),
      },
      {
        kind: 'gauge',
        name: 'automate_executions_running',
        help: 'Executions that are being run, over all hosts',
        samples: now(({ running }) => running),
      },
      {
        kind: 'gauge',
        name: 'automate_execution_dead_letters',
        help: 'Executions that failed or are unknown and were not run again, over all hosts',
        samples: now(({ deadLetters }) => deadLetters),
      },
      {
        kind: 'counter',
        name: 'automate_executions_ended_total',
        help: 'Executions that this host brought to their end',
        samples: all.flatMap(({ labels, ended }) =>
          ENDS.map((status) => ({ labels: { ...labels, status }, value: ended.get(status) ?? 0 })),
        ),
      },
      {
        kind: 'histogram',
        name: 'automate_execution_wait_seconds',
        help: 'Time from when an execution could be run until this host began its first run',
        bounds: BOUNDS,
        distributions: all.map(({ labels, waits }) => distributionOf(labels, waits)),
      },
      {
        kind: 'histogram',
        name: 'automate_execution_run_seconds',
        help: 'Time of runs of executions on this host',
        bounds: BOUNDS,
        distributions: all.map(({ labels, runs }) => distributionOf(labels, runs)),
      },
    ];
  }

  #of(connector: string): Series {
    const own = this.#connectors.has(connector) || this.#connectors.size < MAX_CONNECTORS ? connector : OTHER;
    const present = this.#connectors.get(own);
    if (present !== undefined) return present;
    const made: Series = { ended: new Map(), waits: emptySpread(), runs: emptySpread() };
    this.#connectors.set(own, made);
    return made;
  }
}

function emptySpread(): Spread {
  return { buckets: Array.from({ length: BOUNDS.length + 1 }, () => 0), seconds: 0 };
}

function add(spread: Spread, ms: number): void {
  // Hosts' clocks may differ.
  const seconds = Math.max(0, ms) / 1000;
  const found = BOUNDS.findIndex((bound) => seconds <= bound);
  const bucket = found === -1 ? BOUNDS.length : found;
  spread.buckets[bucket] = (spread.buckets[bucket] ?? 0) + 1;
  spread.seconds += seconds;
}

function distributionOf(labels: { readonly connector: string }, { buckets, seconds }: Spread): Distribution {
  return { labels, count: buckets.reduce((sum, value) => sum + value, 0), sum: seconds, buckets };
}
