import type { CallOptions, HealthReport, LimitsConfig, RetryConfig } from '@automate/contract';
import { Bulkhead } from '../execution/bulkhead.ts';
import type { ExecutionTarget } from '../execution/pipeline.ts';
import { waitWithin } from '../execution/wait-within.ts';
import { HealthRecord } from '../health/health-record.ts';
import { describeFailure, probe } from '../health/probe.ts';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { ConnectorWorker } from '../runtime/runtime.ts';

/** How long calls in flight may take to end when their connector is replaced or removed, in milliseconds. */
const DRAIN_MS = 10_000;

/** A connector that can run: its worker, its places, its health. */
export class LiveConnector implements ExecutionTarget {
  readonly entry: ConnectorEntry;
  readonly worker: ConnectorWorker;
  readonly bulkhead: Bulkhead;
  readonly health = new HealthRecord();
  #checking: Promise<HealthReport> | undefined;

  constructor(entry: ConnectorEntry, worker: ConnectorWorker) {
    this.entry = entry;
    this.worker = worker;
    this.bulkhead = new Bulkhead(entry.config.limits);
  }

  get id(): string {
    return this.entry.id;
  }

  get limits(): LimitsConfig {
    return this.entry.config.limits;
  }

  get retry(): RetryConfig {
    return this.entry.config.retry;
  }

  /**
   * Probes now and records the result. Callers that come while a probe is under way share it, so that probes never pile
   * up on a hung remote; the probe itself has its own bounds and goes on when one of them leaves.
   */
  check(call: CallOptions = {}): Promise<HealthReport> {
    this.#checking ??= this.#probe(call.traceparent).finally(() => {
      this.#checking = undefined;
    });
    return waitWithin(this.#checking, call);
  }

  async #probe(traceparent: string | undefined): Promise<HealthReport> {
    const { healthCheck, limits } = this.entry.config;
    this.health.add(
      await probe({
        worker: this.worker,
        timeoutMs: healthCheck.timeoutMs,
        startTimeoutMs: limits.startTimeoutMs,
        traceparent,
      }),
    );
    return this.report();
  }

  /** Health as far as it is known: a worker that keeps dying is unhealthy whatever its last probe said. */
  report(): HealthReport {
    const state = this.worker.state();
    return state.phase === 'backing-off' || state.phase === 'quarantined'
      ? this.health.report(this.id, { status: 'unhealthy', message: describeFailure(state.error) })
      : this.health.report(this.id);
  }

  /** Lets calls in flight end, then ends the worker. */
  async retire(): Promise<void> {
    await this.bulkhead.drained(DRAIN_MS);
    await this.worker.close();
  }
}
