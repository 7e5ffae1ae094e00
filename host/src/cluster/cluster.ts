// Long, as what is held, by whom and until when changes together, with each beat.
import { randomUUID } from 'node:crypto';
import type { HealthReport, PackageDrift } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import type { HostRow, LivingHost, Placement, PlacementStore, PluginSet } from '../store/placement-store.ts';
import { LEASE_MS } from '../store/placement-store.ts';
import type { Wanted } from './host-fit.ts';
import { hasKind, hasLabels, noHostFits } from './host-fit.ts';
import { KnownSets } from './known-sets.ts';
import type { HealthElsewhere } from './told-health.ts';
import { ToldHealth } from './told-health.ts';

/** How often a host says that it lives, in milliseconds. */
const BEAT_MS = 1_000;
/** How long before its lease lapses a host lets go of what it holds, in milliseconds. */
const MARGIN_MS = 500;
/** A host takes no new connector while it holds more than this share of what an even spread would give it, and some. */
const CLEARLY_MORE = 1.25;
const AND_SOME = 2;

export interface ClusterOptions {
  readonly store: PlacementStore;
  readonly host: Pick<HostRow, 'id' | 'name' | 'version' | 'labels' | 'pid'>;
  memoryBytes(): number;
  /** Labels that a host must have to run the connector. */
  labelsOf(connector: string): readonly string[];
  /** What a connector is an instance of; undefined for one that there is not. */
  kindOf(connector: string): string | undefined;
  /** Whether one host alone runs it, and this one does not have its kind. */
  lacksKind(connector: string): boolean;
  /** What this host can run now. */
  plugins(): PluginSet;
  /** Hears in what this host's packages are not those of all others, whenever that has changed; empty: they are alike again. */
  onDrift(drift: readonly PackageDrift[]): void;
  /** How a connector is; undefined for one that there is not. */
  healthOf(connector: string): HealthReport | undefined;
  /** Hears that another host holds a connector than was known, or has told something else of how it is. */
  onNews(connector: string): void;
  /** The lease is about to lapse: these must stop before it has. */
  onLost(connectors: readonly string[]): void;
  /** Hears, once each, that the lease could not be renewed in time, with the reason, and that it is held again. */
  onLease(lost: Error | undefined): void;
}

/** Who is to answer for a connector. */
export type Holder = { readonly mine: true } | { readonly mine: false; readonly host: LivingHost };

/** Which host runs which connector, as one of them sees it. Clocks are those of its machine that nobody sets, and the database's. */
export class Cluster {
  readonly #options: ClusterOptions;
  /** Of this process. */
  readonly instance = randomUUID();
  /** By connector, its fencing number. */
  readonly #held = new Map<string, number>();
  /** By connector, the id of the host that holds it, as far as it is known; it may have let go of it since. */
  readonly #holders = new Map<string, string>();
  readonly #taking = new Map<string, Promise<Holder>>();
  /** By id, the others that live, and what ends calls to them once they do not. */
  #others = new Map<string, { readonly host: LivingHost; readonly gone: AbortController }>();
  /** Itself among them, as it was read last; none before the first beat. */
  #living: readonly LivingHost[] = [];
  readonly #sets: KnownSets;
  readonly #health: ToldHealth;
  /** Of what the store has of this one. */
  #told = '';
  #address: string | undefined;
  /** By `performance.now()`: from then on nothing is held any more. */
  #until = 0;
  /** Grows with each lease that lapsed: what was taken under an earlier one is not held. */
  #lease = 0;
  #isLost = false;
  #beating: Promise<void> | undefined;
  #beats: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#sets = new KnownSets((drift) => options.onDrift(drift));
    this.#health = new ToldHealth({
      store: options.store,
      id: options.host.id,
      holds: (connector) => this.holds(connector),
      healthOf: (connector) => options.healthOf(connector),
    });
  }

  /** Of this host. */
  get id(): string {
    return this.#options.host.id;
  }

  /** Begins to live, as the host at this address. Rejects where the database is away. */
  async join(address: string): Promise<void> {
    this.#address = address;
    await this.#beat(true);
    this.#beats = setInterval(() => {
      this.#beating ??= this.#beat(false)
        .catch(() => undefined)
        .finally(() => (this.#beating = undefined));
    }, BEAT_MS).unref();
  }

  /** Whether this host may send calls to the connector now. Asks nobody. */
  holds(connector: string): boolean {
    return this.#held.has(connector) && performance.now() < this.#until;
  }

  /** Those that lived when they were last asked for, in order of id. What this one holds is of now. */
  get living(): readonly LivingHost[] {
    const { host, memoryBytes } = this.#options;
    return this.#living.map((each) =>
      each.id === host.id ? { ...each, held: this.#held.size, memoryBytes: memoryBytes() } : each,
    );
  }

  /** The id of the host that holds a connector, as far as is known; undefined where none that lives does. */
  holderOf(connector: string): string | undefined {
    if (this.holds(connector)) return this.#options.host.id;
    const holder = this.#holders.get(connector);
    return holder !== undefined && this.#others.has(holder) ? holder : undefined;
  }

  /** How a connector is that another host holds, as that one told; undefined where none that lives does, or this one. */
  healthElsewhere(connector: string): HealthElsewhere | undefined {
    if (this.holds(connector) || this.holderOf(connector) === undefined) return undefined;
    return this.#health.of(connector);
  }

  /** Something happened to a connector: others are told where this host holds it. */
  noteHealth(connector: string): void {
    this.#health.note(connector);
  }

  /** What a host can run; undefined where it does not say, or that was not read yet. */
  setOf(host: LivingHost): PluginSet | undefined {
    return this.#sets.of(host);
  }

  /** Whether this host has the labels and the kind that the connector asks for. */
  mayTake(connector: string): boolean {
    const { host, labelsOf, lacksKind } = this.#options;
    return hasLabels(host, labelsOf(connector)) && !lacksKind(connector);
  }

  /** Whether another host that lives has the labels and the kind that the connector asks for, or may have. */
  isFitElsewhere(connector: string): boolean {
    return this.#fitOthers(connector).length > 0;
  }

  #wanted(connector: string): Wanted {
    return { labels: this.#options.labelsOf(connector), kind: this.#options.kindOf(connector) };
  }

  #fitOthers(connector: string): readonly LivingHost[] {
    const { labels, kind } = this.#wanted(connector);
    return [...this.#others.values()]
      .map(({ host }) => host)
      .filter((host) => hasLabels(host, labels) && hasKind(this.#sets.of(host), kind));
  }

  /** Fires once a host does not live any more; undefined where it does not now. */
  lifeOf(host: string): AbortSignal | undefined {
    return this.#others.get(host)?.gone.signal;
  }

  /** What was known of who holds it has turned out to be wrong. */
  forget(connector: string): void {
    this.#holders.delete(connector);
  }

  /**
   * Who answers for a connector: whoever holds it, else this host, which takes it; or, where this one has clearly more than the others,
   * the one that has least, which is to take it.
   *
   * @param here whether this host is to take it in any case
   */
  async find(connector: string, { here }: { readonly here: boolean }): Promise<Holder> {
    if (this.holds(connector)) return { mine: true };
    const known = this.#others.get(this.#holders.get(connector) ?? '');
    if (known !== undefined) return { mine: false, host: known.host };
    const isFit = this.mayTake(connector);
    const isSticky = here || this.#holders.get(connector) === this.#options.host.id;
    const other = isFit && isSticky ? undefined : this.#lighter(connector, isFit);
    if (other !== undefined) return { mine: false, host: other };
    if (!isFit) throw noHostFits(connector, this.#wanted(connector));
    const underWay = this.#taking.get(connector);
    if (underWay !== undefined) return underWay;
    const taking = this.#take(connector).finally(() => this.#taking.delete(connector));
    this.#taking.set(connector, taking);
    return taking;
  }

  async #take(connector: string): Promise<Holder> {
    const { store, host } = this.#options;
    const lease = this.#lease;
    const taken = await store.take(connector, { id: host.id, instance: this.instance });
    if (taken === undefined || (taken.host === host.id && (lease !== this.#lease || performance.now() >= this.#until)))
      throw leaseLapsed(connector);
    this.#holders.set(connector, taken.host);
    if (taken.host === host.id) {
      this.#held.set(connector, taken.fence);
      if (this.#options.lacksKind(connector)) {
        // It was removed here meanwhile.
        await this.release(connector);
        throw leaseLapsed(connector);
      }
      this.#health.note(connector);
      return { mine: true };
    }
    const other = this.#others.get(taken.host);
    if (other !== undefined) return { mine: false, host: other.host };
    // It came so lately that the next beat tells of it first.
    this.#holders.delete(connector);
    throw leaseLapsed(connector);
  }

  /** Lets go of a connector that is there no more. */
  async release(connector: string): Promise<void> {
    this.#holders.delete(connector);
    this.#health.forget(connector);
    if (this.#held.delete(connector)) await this.#options.store.release(connector, this.#options.host.id);
  }

  /** Ends the lease. What was held must have stopped before. */
  async close(): Promise<void> {
    clearInterval(this.#beats);
    clearTimeout(this.#end);
    this.#health.close();
    await this.#beating;
    this.#until = 0;
    this.#held.clear();
    for (const { gone } of this.#others.values()) gone.abort();
    if (this.#address !== undefined)
      await this.#options.store
        .leave({ id: this.#options.host.id, instance: this.instance })
        // It lapses.
        .catch(() => undefined);
  }

  async #beat(first: boolean): Promise<void> {
    const { store, host, memoryBytes, onLease } = this.#options;
    const plugins = this.#options.plugins();
    const { digest } = plugins;
    let sentAt = performance.now();
    try {
      const { renewed, living, sets, placements } = await store.beat(
        {
          ...host,
          instance: this.instance,
          address: this.#address ?? '',
          held: this.#held.size,
          memoryBytes: memoryBytes(),
          digest,
        },
        {
          first,
          all: first,
          plugins: digest === this.#told ? undefined : plugins,
          knownSets: this.#sets.digests,
          onSend: () => (sentAt = performance.now()),
        },
      );
      // What was held went with the lease before, also where its end could not be told in time.
      if (performance.now() >= this.#until) this.#lapse();
      if (!renewed)
        throw new UnavailableError(
          `another host has the id ${host.id}: give each host a DATA_DIR of its own, and copy none`,
          { blame: 'operator', retryable: false, details: { reason: 'store_lost' } },
        );
      this.#until = sentAt + LEASE_MS - MARGIN_MS;
      clearTimeout(this.#end);
      this.#end = setTimeout(() => this.#lapse(), Math.max(0, this.#until - performance.now())).unref();
      this.#told = digest;
      this.#living = living;
      this.#sets.learn(living, sets, digest);
      this.#meet(living);
      for (const placement of placements) this.#hear(placement);
      if (this.#isLost) onLease(undefined);
      this.#isLost = false;
    } catch (error) {
      if (first) throw error;
      if (!this.#isLost && performance.now() >= this.#until) onLease(error as Error);
      this.#isLost = performance.now() >= this.#until;
      throw error;
    }
  }

  #hear(placement: Placement): void {
    const { connector, host } = placement;
    const isMoved = this.#holders.get(connector) !== host;
    this.#holders.set(connector, host);
    if (this.#health.learn(placement) || isMoved) this.#options.onNews(connector);
  }

  #meet(living: readonly LivingHost[]): void {
    const before = this.#others;
    const others = living.filter(({ id }) => id !== this.#options.host.id);
    this.#others = new Map(
      others.map((host) => {
        const known = before.get(host.id);
        const isSame = known?.host.instance === host.instance;
        return [host.id, { host, gone: isSame ? known.gone : new AbortController() }];
      }),
    );
    for (const [id, { gone }] of before) {
      if (this.#others.get(id)?.gone === gone) continue;
      gone.abort();
      for (const [connector, holder] of this.#holders) if (holder === id) this.#options.onNews(connector);
    }
  }

  /** Nothing is held from now on. */
  #lapse(): void {
    this.#lease += 1;
    this.#until = 0;
    if (this.#held.size === 0) return;
    const lost = [...this.#held.keys()];
    this.#health.lapse();
    this.#held.clear();
    this.#options.onLost(lost);
    // Where a beat has said why, that is known already; a beat that comes too late says nothing.
    if (this.#isLost) return;
    this.#isLost = true;
    this.#options.onLease(tooLate());
  }

  /** The one that holds least of those that may run it, where this one may not, or holds clearly more than its share. */
  #lighter(connector: string, isFit: boolean): LivingHost | undefined {
    const others = this.#fitOthers(connector);
    const all = others.reduce((sum, { held }) => sum + held, this.#held.size);
    if (isFit && this.#held.size < (CLEARLY_MORE * all) / (others.length + 1) + AND_SOME) return undefined;
    return others.toSorted((a, b) => a.held - b.held)[0];
  }
}

function tooLate(): UnavailableError {
  return new UnavailableError(
    `nothing was heard from the database for ${LEASE_MS - MARGIN_MS} ms: it cannot be reached, or it or this machine is too busy`,
    { blame: 'operator', details: { reason: 'store_lost' } },
  );
}

function leaseLapsed(connector: string): UnavailableError {
  return new UnavailableError(`the connector "${connector}" is held by no host that lives yet: try again`, {
    connector,
    effect: 'none',
    details: { reason: 'moved' },
  });
}
