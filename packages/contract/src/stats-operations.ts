import type { ConnectorStatus, IsolationLevel } from './connector.ts';
import type { Blame } from './error-codes.ts';
import type { CircuitState } from './health.ts';
import type { HostCallOptions, MissingHost } from './host-operations.ts';

/** What a connector's worker uses, as it was last looked at. */
export interface WorkerLoad {
  /** When it started, ISO 8601. */
  readonly since: string;
  /** Heap and buffers of a thread; of a process what it shares with none. It is what `limits.memory_mb` bounds. */
  readonly memoryBytes: number;
  /** What it may have, by `limits.memory_mb`. */
  readonly memoryLimitBytes: number;
  /** Processors that it used on average over the window: 0.2 is a fifth of one. Absent where that cannot be told. */
  readonly cpuShare?: number;
  /** Share of the window in which its event loop was busy, 0 to 1. */
  readonly loopUtilization: number;
  /** Milliseconds that it took to give a sign of life; absent where it was not asked for one yet. */
  readonly loopLagMs?: number;
}

/** How one connector does. What is counted is counted over the window, unless it says otherwise. */
export interface ConnectorStats {
  readonly id: string;
  readonly kind: string;
  /** The package that its kind comes from; absent where that is not installed, or was handed over by a program. */
  readonly package?: string;
  readonly version?: string;
  readonly isolation: IsolationLevel;
  readonly status: ConnectorStatus;
  /** Calls that ended. */
  readonly calls: number;
  readonly callsPerSecond: number;
  /** How many of them failed, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Half of them took at most so long, in milliseconds; told from buckets, so roughly. Absent without calls. */
  readonly p50Ms?: number;
  /** 99 in 100 did. */
  readonly p99Ms?: number;
  /** Calls under way now. */
  readonly inFlight: number;
  /** Calls that wait for a place or their turn now. */
  readonly queued: number;
  /** Starts of its worker after the first, since the host or the connector started. */
  readonly restarts: number;
  /** How often its worker died or was killed, likewise. */
  readonly crashes: number;
  /** Absent where none is configured. */
  readonly circuit?: CircuitState;
  /** Absent while no worker of its own runs. */
  readonly worker?: WorkerLoad;
  /** The id of the host that runs it, or did in the window. Absent where one host answers for all, or none runs it. */
  readonly host?: string;
}

/** What the host itself uses, workers in threads included. */
export interface HostLoad {
  readonly version: string;
  /** When it started, ISO 8601. */
  readonly since: string;
  /** Resident memory. This and the next are absent where the embedding program does not let them be measured. */
  readonly memoryBytes?: number;
  /** Processors that it used on average over the window. */
  readonly cpuShare?: number;
  /** How late its own event loop was, 99 times in 100 at the most, since it was last looked at. */
  readonly loopLagMs?: number;
}

export interface HostStats {
  /** ISO 8601. */
  readonly at: string;
  /** What is counted was counted over so many milliseconds up to then; 0 right after the start. */
  readonly windowMs: number;
  /** The host that was asked, or the one that the filter names. */
  readonly host: HostLoad;
  /** In order of id: a row for each host that runs a connector, or has in the window. */
  readonly connectors: readonly ConnectorStats[];
  /** Each host that has answered, in order of id. Absent where only one was asked. */
  readonly hosts?: readonly (HostLoad & { readonly host: string })[];
  /** Absent where all have answered. */
  readonly missing?: readonly MissingHost[];
}

/** The sorts of trouble that the ledger tells apart, the gravest first. */
export const FAULTS = [
  'crashes',
  'memory_growth',
  'cpu',
  'blocked_threads',
  'unhealthy',
  'timeouts',
  'errors',
  'slow_calls',
  'held_back',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One entry of the ledger: who does what, since when, and who must act. */
export interface BlameEntry {
  readonly connector: string;
  readonly kind: string;
  readonly package?: string;
  /** The version that ran when it happened. */
  readonly version?: string;
  readonly fault: Fault;
  /** Who must act for it to end. */
  readonly blame: Blame;
  /** ISO 8601. */
  readonly since: string;
  /**
   * How much: crashes since then; bytes that memory grows by in a minute; the share of time that it was busy, or the processors used where those are more; threads; failed checks in a row; calls that
   * timed out, failed or were slow in the window; 1 for what is held back.
   */
  readonly amount: number;
  /** All of it in plain words. */
  readonly message: string;
  /** The id of the host that saw it. Absent where only one was asked. */
  readonly host?: string;
}

export interface BlameReport {
  /** ISO 8601. */
  readonly at: string;
  /** Milliseconds over which it was looked at how the connectors do; what a minute shows is seen after a minute. */
  readonly windowMs: number;
  /** The gravest first. */
  readonly entries: readonly BlameEntry[];
  /** Absent where all hosts have answered. */
  readonly missing?: readonly MissingHost[];
}

/** The part of the port that tells how the connectors do, and which one makes trouble. */
export interface StatsOperations {
  /** How each connector does now and did in the last minute, and what its worker uses. It starts nothing and asks no remote system. */
  getStats(options?: HostCallOptions): Promise<HostStats>;
  /** Which connectors make trouble, in which version, since when, and who must act; empty where none does. */
  blame(options?: HostCallOptions): Promise<BlameReport>;
}
