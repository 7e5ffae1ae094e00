import type { CallOptions, ErrorEnvelope, HealthReport, LimitsConfig, RetryConfig } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import { Bulkhead } from '../execution/gates/bulkhead.ts';
import type { Circuit } from '../execution/gates/circuit.ts';
import type { RateLimits } from '../execution/gates/rate-limit.ts';
import type { ExecutionTarget, Step } from '../execution/call.ts';
import { waitWithin } from '../execution/wait-within.ts';
import type { Finding, Witness } from './health-record.ts';
import type { HealthHistories } from './health-histories.ts';
import { HealthRecord } from './health-record.ts';
import type { MemoryBounds } from './memory-room.ts';
import { isMemoryShort } from './memory-room.ts';
import { connectAnew, findingOf, probe } from './probe.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { RemoteGates } from './remote-gates.ts';
import type { RenewableWorker } from './renewable-worker.ts';

/** How long calls in flight may take to end when their connector is replaced or removed, in milliseconds. */
const DRAIN_MS = 10_000;

/** A worker that executed an action within so many milliseconds is kept however short memory is. */
const USED_MS = 10 * 60_000;

export interface LiveConnectorOptions {
  readonly entry: ConnectorEntry;
  readonly worker: RenewableWorker<ConnectorEntry>;
  readonly gates: RemoteGates;
  /** What was found of it, whatever it was made of then. */
  readonly history: Pick<HealthHistories, 'add'>;
  /** Its health may have changed by something else than a check. */
  onHealth(): void;
  /** The health of what had its place before, if anything had. */
  readonly former: HealthRecord | undefined;
  /** What there is of memory besides what the machine says. */
  readonly memory: MemoryBounds | undefined;
}

function describeBlocked(threads: number): string {
  return `worker blocked: ${threads} of its earlier threads are blocked outside JavaScript and go on using the machine; run it with "isolation: process", where it can be ended, and start the host again`;
}

/** A connector that can run: its worker, its places, its health. */
export class LiveConnector implements ExecutionTarget {
  /** Differs from what it was made with in its profile at most. */
  entry: ConnectorEntry;
  readonly worker: RenewableWorker<ConnectorEntry>;
  readonly bulkhead: Bulkhead;
  readonly circuit: Circuit | undefined;
  readonly rates: RateLimits | undefined;
  readonly health: HealthRecord;
  readonly #options: LiveConnectorOptions;
  #calls = 0;
  #checking: Promise<HealthReport> | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: LiveConnectorOptions) {
    this.#options = options;
    this.entry = options.entry;
    this.worker = options.worker;
    this.health = HealthRecord.after(options.former);
    this.bulkhead = new Bulkhead(this.entry.config.limits);
    this.circuit = options.gates.circuit;
    this.rates = options.gates.rates;
  }

  /** Goes on with another entry, which differs in its profile alone. */
  adopt(entry: ConnectorEntry): void {
    this.entry = entry;
    this.worker.adopt(entry);
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
    const startedAt = performance.now();
    const finding = await probe({
      worker: this.worker,
      timeoutMs: healthCheck.timeoutMs,
      startTimeoutMs: limits.startTimeoutMs,
      reconnect: this.health.useFailed,
      traceparent,
    });
    this.#record(finding, 'check', startedAt);
    if (isMemoryShort(this.#options.memory)) this.worker.stopUnused(USED_MS);
    return this.report();
  }

  /** Connects from nothing and records what came of it; rejects with what went wrong. It goes on when whoever asked leaves. */
  async test(): Promise<void> {
    // Whoever tests has usually just repaired something: no back-off or quarantine may stand in the way.
    this.worker.reset();
    this.worker.doubt();
    const startedAt = performance.now();
    try {
      await connectAnew(this.worker, this.limits.startTimeoutMs);
    } catch (reason) {
      const error = ConnectorError.from(reason);
      this.#record(findingOf(error.toEnvelope()), 'connect', startedAt);
      this.#options.onHealth();
      throw error;
    }
    this.circuit?.cutShort();
    this.#record({ status: 'healthy', message: 'connected' }, 'connect', startedAt);
    this.#options.onHealth();
  }

  /** Connects it for all who wait for that. What fails then is found in its health. */
  connectOnce(): Promise<void> {
    return (this.#connecting ??= this.test().catch(() => undefined));
  }

  /** What those wait for. */
  get connecting(): Promise<void> | undefined {
    return this.#connecting;
  }

  /**
   * Takes notice of how a start or a call went. Of the calls, those tell of the connector whose credentials were refused:
   * what else can go wrong may be the one call's own. A success clears what failed in the same way before.
   */
  notice(step: Step, error?: ErrorEnvelope): void {
    if (step === 'call') this.#calls += 1;
    if (error === undefined) {
      const { failedBy } = this.health;
      if (failedBy !== 'connect' && (failedBy !== 'call' || step === 'connect')) return;
      this.#record({ status: 'healthy', message: step === 'connect' ? 'connected' : 'a call succeeded' }, step);
    } else {
      if (error.blame === 'caller' || (step === 'call' && error.code !== 'AUTH_FAILED')) return;
      // A worker that is held back, or on its way out, says so by its state for as long as that lasts.
      if (error.code === 'UNAVAILABLE' && this.worker.state().phase !== 'running') return;
      this.#record(findingOf(error), step);
    }
    this.#options.onHealth();
  }

  #record(finding: Finding, by: Witness, startedAt = performance.now()): void {
    // Its secrets may be out of date, and may be corrected without a change of its entry.
    if (finding.status === 'unhealthy') this.worker.doubt();
    const responseTimeMs = Math.round(performance.now() - startedAt);
    const result = { ...finding, responseTimeMs, at: Date.now() };
    this.health.add(result, by);
    this.#options.history.add(this.id, result, by);
  }

  /** Health as far as it is known: a worker that keeps dying is unhealthy whatever was found before. */
  report(): HealthReport {
    const { state, abandonedThreads } = this.worker.stats();
    const isHeld = state.phase === 'backing-off' || state.phase === 'quarantined';
    const report = this.#withGates(this.health.report(this.id, isHeld ? findingOf(state.error) : this.#circuitOpen()));
    if (abandonedThreads > 0) {
      const blocked = describeBlocked(abandonedThreads);
      return report.status === 'unhealthy'
        ? { ...report, message: `${report.message}; ${blocked}` }
        : { ...report, status: 'unhealthy', healthy: false, message: blocked, blame: 'operator' };
    }
    return report.status === 'unknown' && state.phase === 'queued'
      ? { ...report, message: `${report.message}: it waits for its turn to start` }
      : report;
  }

  /** Calls are refused while the circuit is open, whatever a check finds meanwhile. */
  #circuitOpen(): Finding | undefined {
    const message = this.circuit?.reason;
    return message === undefined ? undefined : { status: 'unhealthy', message, blame: 'remote' };
  }

  #withGates(report: HealthReport): HealthReport {
    if (this.circuit === undefined && this.rates === undefined) return report;
    return {
      ...report,
      ...(this.circuit === undefined ? {} : { circuit: this.circuit.state }),
      ...(this.rates === undefined ? {} : { rateQueued: this.rates.queued }),
    };
  }

  /** How much it is used: memory in bytes, calls that were sent and have ended, and those under way or waiting. */
  get use(): { readonly memoryBytes: number; readonly calls: number; readonly inFlight: number } {
    const { memoryBytes } = this.worker.stats();
    return { memoryBytes, calls: this.#calls, inFlight: this.bulkhead.inFlight + this.bulkhead.queued };
  }

  /** Lets calls in flight end, then ends the worker. */
  async retire(): Promise<void> {
    await this.bulkhead.drained(DRAIN_MS);
    await this.worker.close();
  }
}
