// Long, as what is held, by whom and until when changes together, with each beat.
import { randomUUID } from 'node:crypto';
import type { ConfigDrift, HealthReport, PackageDrift } from '@automate/contract';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { HostRow, LivingHost, Placement, PlacementStore, PluginSet } from '../store/placement-store.ts';
import type { Clock } from './clock.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import { ConnectorLoads } from './connector-loads.ts';
import type { ConnectorUse } from './connector-loads.ts';
import { HELD_MS, HeldLease } from './held-lease.ts';
import type { Wanted } from './host-fit.ts';
import { hasLabels, noHostFits } from './host-fit.ts';
import { KnownHosts } from './known-hosts.ts';
import { KnownSets } from './known-sets.ts';
import type { HeldView, HostView, Move } from './placement-policy.ts';
import { fits, giveAway, nextMove, NO_MOVES, placeNew, weightOf } from './placement-policy.ts';
import type { HealthElsewhere } from './told-health.ts';
import { ToldHealth } from './told-health.ts';

/** How often a host says that it lives, in milliseconds. */
const BEAT_MS = 1_000;
/** How long calls under way may take to end before their connector is moved to even out the load, and before a host ends, in milliseconds. */
const MOVE_WITHIN_MS = 2_000;
const LEAVE_WITHIN_MS = 10_000;
/** How long a connector stays whose calls did not end in that time, in milliseconds. */
const BUSY_MS = 60_000;

export interface ClusterOptions {
  readonly store: PlacementStore;
  readonly host: Pick<HostRow, 'id' | 'name' | 'version' | 'labels' | 'pid'>;
  /** Bytes: of this process, and what it and all beside it may have there, and of that what nobody has. */
  memory(): Pick<HostRow, 'memoryBytes' | 'memoryLimitBytes' | 'memoryFreeBytes'>;
  /** Default: the machine's. */
  readonly clock?: Clock;
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
  /** The same of its configuration file. */
  onConfigDrift(drift: readonly ConfigDrift[]): void;
  /** How a connector is; undefined for one that there is not. */
  healthOf(connector: string): HealthReport | undefined;
  /** Hears that another host holds a connector than was known, or has told something else of how it is. */
  onNews(connector: string): void;
  /** How much a connector is used here; undefined of one that is not. */
  useOf(connector: string): ConnectorUse | undefined;
  /**
   * Another host is to take it: gives it no more calls, and ends it once those under way have ended. False where they did not within that
   * time and it runs on; with `force` they are ended then.
   */
  letGo(connector: string, options: { readonly withinMs: number; readonly force: boolean }): Promise<boolean>;
  /** The lease is about to lapse: these must stop before it has. */
  onLost(connectors: readonly string[]): void;
  /** Hears, once each, that the lease could not be renewed in time, with the reason, and that it is held again. */
  onLease(lost: Error | undefined): void;
}

interface Handing {
  /** How long calls under way may take to end, in milliseconds, and whether they are ended then. */
  readonly withinMs: number;
  readonly force: boolean;
  /** Whether it is done to even out the load, so that it stays there. */
  readonly isMove: boolean;
}

/** Of what must not stay. */
const LEAVING: Handing = { withinMs: LEAVE_WITHIN_MS, force: true, isMove: false };

/** Who is to answer for a connector. */
export type Holder = { readonly mine: true } | { readonly mine: false; readonly host: LivingHost };

/** Which host runs which connector, as one of them sees it. Clocks are those of its machine that nobody sets, and the database's. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #clock: Clock;
  /** Of this process. */
  readonly instance = randomUUID();
  readonly #lease = new HeldLease();
  readonly #hosts: KnownHosts;
  readonly #sets: KnownSets;
  readonly #health: ToldHealth;
  readonly #loads = new ConnectorLoads();
  /** By connector, the id of the host that holds it, as far as it is known; it may have let go of it since. */
  readonly #holders = new Map<string, string>();
  /** By connector, when it was moved here to even out the load, or was found too busy to be moved on. */
  readonly #settled = new Map<string, { readonly movedAt: number | undefined; readonly busyUntil: number }>();
  readonly #taking = new Map<string, Promise<Holder>>();
  /** By connector, what ends once another host has it, or this one goes on with it. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Ends once what others had this one hold is held. */
  #accepted = Promise.resolve();
  #moves = NO_MOVES;
  #isEnding = false;
  #isDrained = false;
  /** How far it has heard of placements. */
  #seen: string | undefined;
  /** Of what the store has of this one. */
  #told = '';
  #address: string | undefined;
  #isLost = false;
  /** Whether the store has a row of this host, as far as is known. */
  #hasJoined = false;
  /** Why the last beat failed. */
  #trouble: ConnectorError | undefined;
  #beating: Promise<void> | undefined;
  #stopBeats: (() => void) | undefined;
  #stopEnd: (() => void) | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#hosts = new KnownHosts(options.host.id);
    this.#sets = new KnownSets({
      onDrift: (drift) => options.onDrift(drift),
      onConfigDrift: (drift) => options.onConfigDrift(drift),
    });
    this.#health = new ToldHealth({
      store: options.store,
      clock: this.#clock,
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
    this.#stopBeats = this.#clock.every(BEAT_MS, () => {
      this.#beating ??= this.#beat(false)
        .catch(() => undefined)
        .finally(() => (this.#beating = undefined));
    });
  }

  /** Whether this host may send calls to the connector now. Asks nobody. */
  holds(connector: string): boolean {
    return this.#lease.holds(connector, this.#clock.now());
  }

  /** The same, and another host is not about to take it: then only calls that are here already are sent. */
  serves(connector: string): boolean {
    return this.holds(connector) && !this.#leaving.has(connector);
  }

  /** For how long this host may send calls to the connector, in milliseconds; 0 where it may not now. */
  heldForMs(connector: string): number {
    return this.#lease.leftMs(connector, this.#clock.now());
  }

  /** Why this host has no lease now; undefined where it has one. */
  get trouble(): ConnectorError | undefined {
    return this.#lease.isValid(this.#clock.now()) ? undefined : (this.#trouble ?? tooLate());
  }

  /** Those that lived when they were last asked for, in order of id. What this one holds is of now. */
  get living(): readonly LivingHost[] {
    const { host, memory } = this.#options;
    return this.#hosts.living.map((each) =>
      each.id === host.id ? { ...each, held: this.#lease.size, isLeaving: this.#takesNothing, ...memory() } : each,
    );
  }

  /** The id of the host that holds a connector, as far as is known; undefined where none that lives does. */
  holderOf(connector: string): string | undefined {
    if (this.holds(connector)) return this.#options.host.id;
    return this.#hosts.other(this.#holders.get(connector))?.id;
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

  /** Whether this host has the labels and the kind that the connector asks for, and does not end. */
  mayTake(connector: string): boolean {
    const { host, labelsOf, lacksKind } = this.#options;
    return !this.#takesNothing && hasLabels(host, labelsOf(connector)) && !lacksKind(connector);
  }

  get #takesNothing(): boolean {
    return this.#isEnding || this.#isDrained;
  }

  /**
   * Has this host take nothing more and give away what it holds, as its calls end, or take connectors again. What no other one may run stays
   * until one may.
   */
  async drain(isDrained: boolean): Promise<void> {
    this.#isDrained = isDrained;
    // The others hear of it at once; where that fails, with the next one.
    await this.#beatNow();
  }

  async #beatNow(): Promise<void> {
    await this.#beating;
    await (this.#beating = this.#beat(false)
      .catch(() => undefined)
      .finally(() => (this.#beating = undefined)));
  }

  /** Whether another host that lives has the labels and the kind that the connector asks for, or may have. */
  isFitElsewhere(connector: string): boolean {
    const wanted = this.#wanted(connector);
    return this.#hosts.others.some((host) => fits(this.#viewOf(host), wanted));
  }

  #wanted(connector: string): Wanted {
    return { labels: this.#options.labelsOf(connector), kind: this.#options.kindOf(connector) };
  }

  #viewOf(host: LivingHost): HostView {
    return { ...host, set: this.#sets.of(host) };
  }

  /** Fires once another host's process is not heard of any more; undefined where it is not now. It may come back, with another life. */
  lifeOf(host: LivingHost): AbortSignal | undefined {
    return this.#hosts.lifeOf(host);
  }

  /** What was known of who holds it has turned out to be wrong. */
  forget(connector: string): void {
    this.#holders.delete(connector);
  }

  /** The same as `find`, where that is known without waiting. */
  known(connector: string, { here }: { readonly here: boolean }): Holder | undefined {
    if (this.#leaving.has(connector)) return undefined;
    if (this.holds(connector)) return { mine: true };
    // Who passes a call on here may know better.
    const host = here ? undefined : this.#hosts.other(this.#holders.get(connector));
    return host && { mine: false, host };
  }

  /**
   * Who answers for a connector: whoever holds it, else this host, which takes it; or, where this one has clearly more than the others,
   * the one that has least, which is to take it. Where it is being moved that is waited for.
   *
   * @param here whether this host is to take it in any case
   */
  async find(connector: string, { here }: { readonly here: boolean }): Promise<Holder> {
    for (let moved = this.#leaving.get(connector); moved !== undefined; moved = this.#leaving.get(connector))
      await moved;
    const known = this.known(connector, { here });
    if (known !== undefined) return known;
    const underWay = this.#taking.get(connector);
    if (underWay !== undefined) return underWay;
    const taking = this.#settle(connector, here).finally(() => this.#taking.delete(connector));
    this.#taking.set(connector, taking);
    return taking;
  }

  /** Has somebody hold what nobody is known to. */
  async #settle(connector: string, here: boolean): Promise<Holder> {
    const { store, host } = this.#options;
    const isOwn = here || this.#holders.get(connector) === host.id;
    const taker = isOwn && this.mayTake(connector) ? host.id : this.#place(connector);
    if (taker === undefined)
      throw this.#isEnding ? leaseLapsed(connector) : noHostFits(connector, this.#wanted(connector));
    if (taker === host.id) return this.#take(connector);
    // The one that is to take it would ask as well, and could only say that somebody else has it.
    const held = await store.find(connector);
    if (held?.host === host.id && this.mayTake(connector)) return this.#take(connector);
    const other = this.#hosts.other(held?.host) ?? this.#hosts.other(taker);
    if (other === undefined) throw leaseLapsed(connector);
    return { mine: false, host: other };
  }

  #place(connector: string): string | undefined {
    const { id } = this.#options.host;
    const own = this.#ownView(this.#options.plugins().digest);
    const isFit = this.mayTake(connector);
    const hosts = [...this.#hosts.others.map((host) => this.#viewOf(host)), ...(isFit ? [own] : [])];
    return placeNew({ self: id, hosts }, this.#wanted(connector));
  }

  /** As others see it, but of now. */
  #ownView(digest: string): HostView {
    const { host, memory } = this.#options;
    const load = this.#lease.connectors.reduce((sum, connector) => sum + weightOf(this.#loads.of(connector)), 0);
    const set = this.#sets.of({ digest });
    return { ...host, ...memory(), held: this.#lease.size, load, isLeaving: this.#takesNothing, set };
  }

  async #take(connector: string): Promise<Holder> {
    const { store, host } = this.#options;
    const { number } = this.#lease;
    const taken = await store.take(connector, { id: host.id, instance: this.instance });
    const now = this.#clock.now();
    const isMine = taken?.host === host.id && this.#lease.take(connector, number, now);
    if (taken === undefined || (taken.host === host.id && !isMine)) throw leaseLapsed(connector);
    this.#holders.set(connector, taken.host);
    if (isMine) {
      const { movedMsAgo } = taken;
      this.#settled.set(connector, { movedAt: movedMsAgo === null ? undefined : now - movedMsAgo, busyUntil: 0 });
      if (this.#options.lacksKind(connector)) {
        // It was removed here meanwhile.
        await this.release(connector);
        throw leaseLapsed(connector);
      }
      this.#health.note(connector);
      return { mine: true };
    }
    const other = this.#hosts.other(taken.host);
    if (other !== undefined) return { mine: false, host: other };
    // It came so lately that the next beat tells of it first.
    this.#holders.delete(connector);
    throw leaseLapsed(connector);
  }

  /** Lets go of a connector that is there no more. */
  async release(connector: string): Promise<void> {
    this.#forgetHeld(connector);
    if (this.#lease.letGo(connector)) await this.#options.store.release(connector, this.#options.host.id);
  }

  #forgetHeld(connector: string): void {
    this.#holders.delete(connector);
    this.#settled.delete(connector);
    this.#health.forget(connector);
  }

  /**
   * Takes nothing more, and has others take what this host holds: each connector as soon as its calls have ended, at the latest after ten
   * seconds. What no other one may run stays.
   */
  async leave(): Promise<void> {
    if (this.#address === undefined || this.#isEnding) return;
    this.#isEnding = true;
    // So that the others give it nothing more.
    await this.#beatNow();
    await this.#giveAll(LEAVING);
  }

  async #giveAll(how: Handing): Promise<void> {
    const moves = giveAway({
      hosts: this.#hosts.others.map((host) => this.#viewOf(host)),
      held: this.#heldViews(),
    });
    await Promise.all(moves.map((move) => this.#handOver(move, how)));
  }

  /** Ends the lease. What was held must have stopped before. */
  async close(): Promise<void> {
    this.#stopBeats?.();
    this.#stopEnd?.();
    this.#health.close();
    await this.#beating;
    this.#lease.lapse();
    this.#hosts.close();
    if (this.#address !== undefined)
      await this.#options.store
        .leave({ id: this.#options.host.id, instance: this.instance })
        // It lapses.
        .catch(() => undefined);
  }

  async #beat(first: boolean): Promise<void> {
    const { store, host, memory, onLease } = this.#options;
    const plugins = this.#options.plugins();
    const { digest } = plugins;
    const now = (): number => this.#clock.now();
    const joins = !this.#hasJoined;
    let sentAt = now();
    this.#loads.look(this.#lease.connectors, (connector) => this.#options.useOf(connector), sentAt);
    const { held, load } = this.#ownView(digest);
    try {
      const { renewed, living, sets, placements, seen } = await store.beat(
        {
          ...host,
          instance: this.instance,
          address: this.#address ?? '',
          ...{ held, load, digest, isLeaving: this.#takesNothing },
          ...memory(),
        },
        {
          first: joins,
          plugins: !joins && digest === this.#told ? undefined : plugins,
          seen: this.#seen,
          knownSets: this.#sets.digests,
          onSend: () => (sentAt = now()),
        },
      );
      // What was held went with the lease before, also where its end could not be told in time.
      if (!this.#lease.isValid(now())) this.#lapse();
      this.#hasJoined = renewed || living.some(({ id }) => id === host.id);
      if (!renewed) {
        this.#trouble = this.#hasJoined ? idTaken(host.id) : rowGone(host.id);
        // Others may have what was held by now, whatever this host's clock says.
        this.#lapse();
        throw this.#trouble;
      }
      const until = this.#lease.renew(sentAt);
      this.#stopEnd?.();
      this.#stopEnd = this.#clock.after(Math.max(0, until - now()), () => this.#lapse());
      this.#told = digest;
      this.#sets.learn(living, sets, digest);
      this.#meet(living);
      for (const placement of placements) this.#hear(placement);
      this.#seen = seen;
      this.#giveBack();
      this.#evenOut(digest);
      if (this.#isLost) onLease(undefined);
      this.#isLost = false;
      this.#trouble = undefined;
    } catch (error) {
      if (first) throw error;
      this.#trouble = ConnectorError.from(error);
      const isValid = this.#lease.isValid(now());
      if (!this.#isLost && !isValid) onLease(error as Error);
      this.#isLost = !isValid;
      throw error;
    }
  }

  #hear(placement: Placement): void {
    const { connector, host } = placement;
    const isMoved = this.#holders.get(connector) !== host;
    // Who lets go of it knows better.
    if (this.#leaving.has(connector)) return;
    this.#holders.set(connector, host);
    if (this.#health.learn(placement) || isMoved) this.#options.onNews(connector);
    // One after the other, as calls wait for the same few connections.
    if (host === this.#options.host.id && isMoved && !this.holds(connector))
      this.#accepted = this.#accepted.then(() => this.#accept(connector));
  }

  /** Another host has had this one hold it, or it did before it was started again. Never rejects. */
  async #accept(connector: string): Promise<void> {
    const { store, host, kindOf } = this.#options;
    const mayAsk = this.#lease.isValid(this.#clock.now());
    if (!mayAsk || this.holds(connector) || kindOf(connector) === undefined) return;
    try {
      if (this.mayTake(connector)) await this.find(connector, { here: true });
      else {
        await store.release(connector, host.id);
        this.forget(connector);
      }
    } catch {
      // The first who asks for it sees to it then.
    }
  }

  #meet(living: readonly LivingHost[]): void {
    const gone = new Set(this.#hosts.meet(living));
    if (gone.size === 0) return;
    for (const [connector, holder] of this.#holders) if (gone.has(holder)) this.#options.onNews(connector);
  }

  #heldViews(): readonly HeldView[] {
    const now = this.#clock.now();
    return this.#lease.connectors.flatMap((connector) => {
      const { movedAt, busyUntil = 0 } = this.#settled.get(connector) ?? {};
      if (this.#leaving.has(connector) || (now < busyUntil && !this.#isEnding)) return [];
      const movedMsAgo = movedAt === undefined ? undefined : now - movedAt;
      return [{ connector, ...this.#wanted(connector), ...this.#loads.of(connector), movedMsAgo }];
    });
  }

  /** Has others take what asks for labels by now that this host does not have; where none of them has those nobody holds it. */
  #giveBack(): void {
    const { host } = this.#options;
    const held = this.#heldViews().filter(({ labels }) => !hasLabels(host, labels));
    if (held.length === 0) return;
    const moves = giveAway({ hosts: this.#hosts.others.map((each) => this.#viewOf(each)), held });
    const takers = new Map(moves.map(({ connector, to }) => [connector, to]));
    for (const { connector } of held) void this.#handOver({ connector, to: takers.get(connector) ?? '' }, LEAVING);
  }

  /** Gives a connector to another host, where that has clearly had less for long enough. */
  #evenOut(digest: string): void {
    if (this.#leaving.size > 0) return;
    if (this.#isDrained && !this.#isEnding) {
      void this.#giveAll({ withinMs: MOVE_WITHIN_MS, force: false, isMove: false });
      return;
    }
    const { id } = this.#options.host;
    const { living } = this.#hosts;
    const beats = living.map(({ lastBeatAt }) => Date.parse(lastBeatAt));
    const { state, move } = nextMove(this.#moves, {
      now: this.#clock.now(),
      self: id,
      hosts: living.map((host) => (host.id === id ? this.#ownView(digest) : this.#viewOf(host))),
      held: this.#heldViews(),
      round: Math.floor(Math.max(...beats) / BEAT_MS),
    });
    this.#moves = state;
    if (move !== undefined) void this.#handOver(move, { withinMs: MOVE_WITHIN_MS, force: false, isMove: true });
  }

  /** Calls that come meanwhile wait until it has ended. Never rejects. */
  #handOver(move: Move, how: Handing): Promise<void> {
    const { connector } = move;
    const moved = this.#hand(move, how)
      // The store is lost, and the log says so: it is held again once it can be taken.
      .catch(() => this.forget(connector))
      .finally(() => this.#leaving.delete(connector));
    this.#leaving.set(connector, moved);
    return moved;
  }

  async #hand({ connector, to }: Move, how: Handing): Promise<void> {
    const { store, host, letGo, onNews } = this.#options;
    if (!(await letGo(connector, how))) {
      const movedAt = this.#settled.get(connector)?.movedAt;
      this.#settled.set(connector, { movedAt, busyUntil: this.#clock.now() + BUSY_MS });
      return;
    }
    // From here on it is not held, whatever becomes of the statement.
    if (!this.#lease.letGo(connector)) return;
    this.#forgetHeld(connector);
    if (await store.hand(connector, { from: host.id, to, isMove: how.isMove })) this.#holders.set(connector, to);
    else await store.release(connector, host.id);
    onNews(connector);
  }

  /** Nothing is held from now on. */
  #lapse(): void {
    const lost = this.#lease.lapse();
    if (lost.length === 0) return;
    this.#health.lapse();
    this.#options.onLost(lost);
    // Where a beat has said why, that is known already; a beat that comes too late says nothing.
    if (this.#isLost) return;
    this.#isLost = true;
    this.#options.onLease(this.#trouble ?? tooLate());
  }
}

function idTaken(id: string): UnavailableError {
  return new UnavailableError(`another host has the id ${id}: give each host a DATA_DIR of its own, and copy none`, {
    blame: 'operator',
    retryable: false,
    details: { reason: 'store_lost' },
  });
}

function rowGone(id: string): UnavailableError {
  return new UnavailableError(
    `the database does not know the host ${id} any more, as where it was restored from a backup: it joins anew`,
    { blame: 'operator', details: { reason: 'store_lost' } },
  );
}

function tooLate(): UnavailableError {
  return new UnavailableError(
    `nothing was heard from the database for ${HELD_MS} ms: it cannot be reached, or it or this machine is too busy`,
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
