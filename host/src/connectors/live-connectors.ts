import type { CallOptions, CircuitState, ErrorEnvelope, HealthReport, Principal } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import { hostEnding } from '@automate/contract/service';
import type { HostEvents } from '../events/host-events.ts';
import { notHeld } from '../execution/not-held.ts';
import { findUnrunnable } from './check-with-kind.ts';
import type { HealthHistories } from './health-histories.ts';
import { HealthRecord } from './health-record.ts';
import type { HealthMonitor } from './health-monitor.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { MemoryBounds } from './memory-room.ts';
import { findingOf } from './probe.ts';
import type { Registry } from './registry.ts';
import type { RenewableWorker } from './renewable-worker.ts';
import type { ConnectorObservation } from '../telemetry/host-metrics.ts';
import { LiveConnector } from './live-connector.ts';
import { observeConnector } from './observe-connector.ts';
import type { RemoteGates } from './remote-gates.ts';
import { openRemoteGates } from './remote-gates.ts';
import { disabledError, pausedError, reportUnusable, withPause } from './unusable.ts';

/** How long the adapter of a connector that another host takes may take to close, in milliseconds. */
const LET_GO_GRACE_MS = 1_000;

export interface LiveConnectorsOptions {
  readonly registry: Registry;
  readonly monitor: HealthMonitor;
  readonly history: Pick<HealthHistories, 'add'>;
  createWorker(entry: ConnectorEntry, kind: Kind): RenewableWorker<ConnectorEntry>;
  readonly events: HostEvents;
  /** What there is of memory besides what the machine says: where it is short no worker is kept only for the next check. */
  readonly memory?: MemoryBounds | undefined;
  /** Where hosts share connectors: whether this one runs them. Absent: it runs all. */
  readonly placement?:
    | {
        /** Whether this host may run it and send calls to it now. */
        mayRun(id: string): boolean;
        /** The same, and takes it where no host has it. */
        turn(id: string): Promise<boolean>;
        /** How it is at another host that holds it, as that one told. */
        healthElsewhere(id: string): Omit<HealthReport, 'id'> | undefined;
      }
    | undefined;
}

/** The running side of the registry: one live connector per usable entry, made when first needed. */
export class LiveConnectors {
  readonly #options: LiveConnectorsOptions;
  readonly #live = new Map<string, LiveConnector>();
  /** By id, of those that have been used; they outlive changes of the entry. */
  readonly #gates = new Map<string, RemoteGates>();
  readonly #retiring = new Set<Promise<void>>();
  /** By id, the health of connectors whose place was taken, until what took it is used itself. */
  readonly #former = new Map<string, HealthRecord>();
  #closed = false;

  constructor(options: LiveConnectorsOptions) {
    this.#options = options;
  }

  /** Begins to watch an entry's health, as its configuration says. Whatever ran under its id before is drained and ended. */
  open(entry: ConnectorEntry): void {
    const former = this.#takeOut(entry.id);
    const { healthCheck } = entry.config;
    if (entry.state.phase !== 'usable') this.#former.delete(entry.id);
    else if (former !== undefined) this.#former.set(entry.id, former.health);
    if (entry.state.phase !== 'usable' || !healthCheck.enabled) return;
    this.#options.monitor.watch({
      id: entry.id,
      intervalMs: healthCheck.intervalMs,
      check: async () => ((await this.#options.placement?.turn(entry.id)) === false ? undefined : this.check(entry.id)),
    });
  }

  /** Ends what runs of a connector at once, calls under way with it, as another host may take it. Its health is watched on. */
  drop(id: string): void {
    const live = this.#live.get(id);
    if (live !== undefined) void this.#end(id, live, 0);
  }

  /** How much a connector is used that runs. */
  useOf(id: string): LiveConnector['use'] | undefined {
    return this.#live.get(id)?.use;
  }

  /**
   * Ends what runs of a connector once its calls have ended, as another host is to take it, and gives true; nothing new comes meanwhile.
   * Where they have not within that time it runs on; with `force` they are ended then.
   */
  async letGo(
    id: string,
    { withinMs, force }: { readonly withinMs: number; readonly force: boolean },
  ): Promise<boolean> {
    const live = this.#live.get(id);
    if (live === undefined) return true;
    await live.bulkhead.drained(withinMs);
    if (live.use.inFlight > 0 && !force) return false;
    // It may have been replaced meanwhile.
    if (this.#live.get(id) !== live) return this.letGo(id, { withinMs, force });
    await this.#end(id, live, LET_GO_GRACE_MS);
    return true;
  }

  #end(id: string, live: LiveConnector, graceMs: number): Promise<void> {
    this.#live.delete(id);
    this.#former.set(id, live.health);
    const ended = live.worker.close({ graceMs }).catch(() => undefined);
    this.#retiring.add(ended);
    void ended.finally(() => this.#retiring.delete(ended));
    this.#options.events.emit('status', id);
    return ended;
  }

  /** Takes a connector out of service at once; its calls in flight end in the background. */
  close(id: string): void {
    this.#takeOut(id);
    this.#gates.delete(id);
    this.#former.delete(id);
  }

  #takeOut(id: string): LiveConnector | undefined {
    this.#options.monitor.unwatch(id);
    const live = this.#live.get(id);
    if (live === undefined) return undefined;
    this.#live.delete(id);
    const retired = live.retire().catch(() => undefined);
    this.#retiring.add(retired);
    void retired.finally(() => this.#retiring.delete(retired));
    return live;
  }

  /** What a connector is given may have changed: if it runs, it is given the new, once calls under way have ended where its kind needs a new start. */
  renew(id: string): void {
    this.#live.get(id)?.worker.renew();
  }

  /**
   * Gives a connector that runs another entry, which differs in its profile alone. False, and nothing is done, where its adapter does not
   * take that without a new start.
   */
  adopt(entry: ConnectorEntry): boolean {
    const live = this.#live.get(entry.id);
    if (live?.worker.takesSecrets !== true) return false;
    live.adopt(entry);
    return true;
  }

  /** The connector to send calls to: a `target` that is not paused. */
  callable(id: string, caller?: Principal): LiveConnector {
    const live = this.target(id, caller);
    const since = this.#options.registry.find(id)?.overlay?.pausedSince;
    if (since !== undefined) throw pausedError(id, since);
    return live;
  }

  /** Ends what runs of it, calls under way first, and connects anew. What fails then is found in its health. */
  async restart(id: string): Promise<void> {
    const entry = this.#options.registry.get(id);
    // Where it cannot run, what runs is not ended for that.
    this.target(id);
    this.open(entry);
    await this.connect(id);
  }

  /** Connects it, or what has taken its place meanwhile. What fails then is found in its health. */
  async connect(id: string): Promise<void> {
    // Whoever holds it connects it.
    if (!this.#mayRun(id)) return;
    for (let live = this.target(id); ; live = this.target(id)) {
      await live.connectOnce();
      if (this.#live.get(id) === live) return;
    }
  }

  /** The connector that runs. Throws NOT_FOUND, in words for the caller, or UNAVAILABLE with the reason where it cannot run. */
  target(id: string, caller?: Principal): LiveConnector {
    const mayRun = this.#mayRun(id);
    const live = this.#live.get(id);
    if (live !== undefined && mayRun) return live;
    const entry = this.#options.registry.get(id, caller);
    if (!mayRun) throw notHeld(id);
    return this.#create(entry);
  }

  #mayRun(id: string): boolean {
    return this.#options.placement?.mayRun(id) !== false;
  }

  /** The connector if it has been used. */
  find(id: string): LiveConnector | undefined {
    return this.#live.get(id);
  }

  /** Probes a connector now. Never rejects for what is wrong with the connector, only for an id that there is not. */
  async check(id: string, call?: CallOptions): Promise<HealthReport> {
    const entry = this.#options.registry.get(id, call?.principal);
    const found = entry.state.phase === 'usable' ? await this.target(id).check(call) : reportUnusable(entry);
    const report = withPause(found, this.#options.registry.find(id) ?? entry);
    this.#options.events.emit('status', id);
    // It may have been removed meanwhile.
    if (this.#options.registry.find(id) !== undefined) this.#options.events.emit('health', id, report.status);
    return report;
  }

  /** What is known without a probe. */
  report(entry: ConnectorEntry): HealthReport {
    return withPause(this.#report(entry), entry);
  }

  #report(entry: ConnectorEntry): HealthReport {
    const elsewhere = this.#options.placement?.healthElsewhere(entry.id);
    if (elsewhere !== undefined) return { id: entry.id, ...elsewhere };
    if (entry.state.phase !== 'usable') return reportUnusable(entry);
    const running = this.#live.get(entry.id);
    if (running !== undefined) return running.report();
    const unrunnable = findUnrunnable(entry, entry.state.kind);
    return HealthRecord.after(this.#former.get(entry.id)).report(
      entry.id,
      unrunnable && findingOf(unrunnable.toEnvelope()),
    );
  }

  /** How the connectors are, for measurements. */
  observe(): readonly ConnectorObservation[] {
    return this.#options.registry
      .all()
      .map((entry) => observeConnector(entry, this.#live.get(entry.id), this.report(entry)));
  }

  /** Ends every connector, each bounded; waits for those that were already ending. */
  async closeAll(): Promise<void> {
    this.#closed = true;
    for (const id of [...this.#live.keys()]) this.close(id);
    await Promise.all(this.#retiring);
  }

  #create(entry: ConnectorEntry): LiveConnector {
    const { id, state } = entry;
    if (this.#closed) throw hostEnding().withConnector(id);
    switch (state.phase) {
      case 'usable': {
        const { createWorker, events, memory, history } = this.#options;
        const onCircuit = (circuit: CircuitState, error?: ErrorEnvelope): void => {
          events.emit('circuit', id, circuit, error);
          events.emit('status', id);
        };
        const gates = openRemoteGates(entry.config, onCircuit, this.#gates.get(id));
        this.#gates.set(id, gates);
        const live = new LiveConnector({
          entry,
          worker: createWorker(entry, state.kind),
          gates,
          history,
          former: this.#former.get(id),
          onHealth: () => events.emit('status', id),
          memory,
        });
        this.#live.set(id, live);
        this.#former.delete(id);
        return live;
      }
      case 'disabled':
        throw disabledError(entry);
      case 'missing':
        throw new UnavailableError(`the connector "${id}" cannot run: ${state.reason}`, {
          connector: id,
          retryable: false,
          details: { reason: 'kind_missing' },
        });
      default:
        return state satisfies never;
    }
  }
}
