// Long, as the one writer of the set of connectors has every way in which it changes.
import { isDeepStrictEqual } from 'node:util';
import type { Patience, PatienceEnd } from '@automate/contract';
import { CancelledError, ConfigInvalidError, TimeoutError, until } from '@automate/contract';
import { hostEnding, serviceClosed } from '@automate/contract/service';
import type { HostEvents } from '../events/host-events.ts';
import type { ConnectorStore, StoredConnector } from '../store/connector-store.ts';
import type { Overlay, OverlayStore } from '../store/overlay-store.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { withOverlay } from './connector-state.ts';
import type { Demand, Gate, TrialResult } from './gate.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LiveConnectors } from './live-connectors.ts';
import { differsInProfile, isSameConnector, planConnectors } from './plan-connectors.ts';
import type { Registry, Sources } from './registry.ts';
import { isOver, severalAtATime } from './several-at-a-time.ts';

/** What a change makes of what stands. */
export interface Plan<T> {
  /** What the connectors are made of from now on. Default: as before. */
  readonly sources?: Partial<Sources>;
  /** The one connector that this is about, and how it is to be stored; null where it is to be stored no more. */
  readonly one?: { readonly id: string; readonly stored: StoredConnector | null };
  /**
   * Sees what would be made, every entry of it that is new tried out as one that works, before anything is: gives whether it is to be
   * made, or throws. Default: it is, and what fails is held back.
   */
  review?(proposal: Proposal): 'make' | 'leave';
  /** Whether the review sees those of the file tried out as well that stand as they are wanted, as none of them runs. */
  readonly nothingRuns?: boolean;
  /** Whether all of it stands in the store already, as another host has written it. */
  readonly written?: boolean;
  /** Writes to the store, before anything is put to work. What it throws is the change's error, and nothing has happened. */
  write?(store: ConnectorStore): Promise<unknown>;
  answer(change: AppliedChange): T;
}

/**
 * Plans on what stands. Throws where the change must not be made; gives a promise where something has to be learned first, and is
 * asked again when that is settled, since what stands may have moved on meanwhile.
 */
export type Planner<T> = (now: Registry) => Plan<T> | Promise<unknown>;

/** Ids of what a change did, and what should be looked at. */
export interface AppliedChange {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
  /** Those of `updated` that are as they were, but for where they may connect to. */
  readonly reachOnly: readonly string[];
  /** Those that go on as they were, as what was to take their place failed when it was tried out, each with the reason. */
  readonly heldBack: readonly HeldBack[];
  readonly warnings: readonly string[];
}

export interface HeldBack {
  readonly id: string;
  readonly reason: string;
}

export interface ChangesOptions {
  readonly registry: Registry;
  readonly store: ConnectorStore;
  readonly overlays: OverlayStore;
  readonly live: LiveConnectors;
  readonly gate: Gate;
  readonly events: HostEvents;
  /** Default of `health_check.interval`, in milliseconds. */
  readonly healthIntervalMs: number;
}

/** What a change would come to. */
export interface Proposal {
  readonly draft: Draft;
  readonly trials: ReadonlyMap<string, Trial>;
}

/** What differs between what stands and what a plan wants. */
interface Draft {
  readonly sources: Sources;
  readonly added: readonly ConnectorEntry[];
  readonly updated: readonly Step[];
  /** Those that stand as they are wanted. */
  readonly kept: readonly ConnectorEntry[];
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
}

/** An entry that is to take another's place. */
interface Step {
  readonly after: ConnectorEntry;
  readonly demand: Demand;
}

/** How the trial of an entry ended. */
export interface Trial extends Step, TrialResult {}

/** The result of a turn: the change was made, or something has to be learned first. */
type Turn<T> = { readonly answer: T } | { readonly missing: Promise<unknown> };

/** How many entries one change tries out at a time. */
const TRIALS_AT_A_TIME = 4;

/**
 * The one writer of the set of connectors, whoever wants it changed: the start, the file, a rescan, a kind of the embedding
 * program, the API. A change is planned, written and applied in one turn of the writer's, so that it rests on what stands however
 * long the store takes; what has to be learned, and how entries do that are to take the place of others, is learned before,
 * while other changes go on.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #lanes = new KeyedLock();
  readonly #closing = new AbortController();
  #closed = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** A change of one connector, after those of the same id that came before. Rejects with CONFIG_INVALID where it would be held back. */
  ofOne<T>(id: string, plan: Planner<T>): Promise<T> {
    return this.#lanes.run(`one:${id}`, () => this.#run(plan));
  }

  /**
   * A change of what connectors are made of, after those that came before. `prepare` may read what it needs, in its turn. One that is
   * not made before the patience ends is given up.
   */
  ofAll<T>(prepare: (now: Registry) => Planner<T> | Promise<Planner<T>>, patience: Patience = {}): Promise<T> {
    return this.#lanes.run('all', () => this.preview(prepare, patience));
  }

  /** The same, where it is not to be made: it waits for no other. */
  async preview<T>(prepare: (now: Registry) => Planner<T> | Promise<Planner<T>>, patience: Patience = {}): Promise<T> {
    this.#requireWanted(patience);
    return this.#run(await prepare(this.#options.registry), patience);
  }

  /**
   * Sets something of one connector beside its configuration, after its changes that came before. What runs goes on, unless it is
   * enabled or disabled thereby; nothing is tried out.
   */
  ofOverlay(id: string, decide: (entry: ConnectorEntry) => Overlay): Promise<ConnectorEntry> {
    const { registry, overlays, live, events } = this.#options;
    const set = async (): Promise<ConnectorEntry> => {
      this.#requireOpen();
      const before = registry.get(id);
      const overlay = decide(before);
      if (isDeepStrictEqual(before.overlay ?? {}, overlay)) return before;
      await overlays.put(id, overlay);
      registry.sources = { ...registry.sources, overlays: new Map(registry.sources.overlays).set(id, overlay) };
      const after = withOverlay(before, overlay, registry.sources.kinds);
      registry.put(after);
      if (after.config.enabled !== before.config.enabled) live.open(after);
      events.emit('change', 'updated', id);
      return after;
    };
    return this.#lanes.run(`one:${id}`, () => this.#lanes.run('turn', set));
  }

  /** Makes no more changes; those that wait for something are given up, and the one that is being made is waited for. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#lanes.run('turn', async () => undefined);
    this.#closed = true;
  }

  #requireOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closed ? serviceClosed() : hostEnding();
  }

  /** Throws where nobody waits for a change any more. */
  #requireWanted(patience: Patience): void {
    this.#requireOpen();
    if (isOver(patience)) throw callerLeft(patience);
  }

  /** Does something while no change is made. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return this.#lanes.run('turn', () => {
      this.#requireOpen();
      return work();
    });
  }

  /** Waits for something for as long as the patience lasts, and there are changes. */
  wait<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
    const closing = this.#closing.signal;
    const error = (end: PatienceEnd): Error => (end === 'closing' ? hostEnding() : callerLeft(patience));
    return until({ ...patience, closing, error }, work);
  }

  async #run<T>(plan: Planner<T>, patience: Patience = {}): Promise<T> {
    const trials = new Map<string, Trial>();
    for (;;) {
      const turn = await this.#lanes.run('turn', () => this.#takeTurn(plan, trials, patience));
      if ('answer' in turn) return turn.answer;
      await this.wait(patience, () => turn.missing);
    }
  }

  /** Plans and makes a change while no other is made, or says what has to be learned before. */
  async #takeTurn<T>(plan: Planner<T>, trials: Map<string, Trial>, patience: Patience): Promise<Turn<T>> {
    this.#requireWanted(patience);
    const planned = plan(this.#options.registry);
    if (planned instanceof Promise) return { missing: planned };
    const draft = await this.#draft(planned);
    const steps = planned.review === undefined ? draft.updated : everyStep(draft, planned.nothingRuns === true);
    const untried = steps.filter((step) => step.demand !== 'nothing' && !isTried(step, trials));
    if (untried.length > 0) return { missing: this.#tryOut(untried, trials, patience) };
    if (planned.review?.({ draft, trials }) === 'leave') return { answer: planned.answer(nothingDone(draft)) };
    return { answer: planned.answer(await this.#apply(planned, draft, trials)) };
  }

  async #tryOut(steps: readonly Step[], trials: Map<string, Trial>, patience: Patience): Promise<void> {
    const tryOut = async (step: Step): Promise<void> => {
      trials.set(step.after.id, { ...step, ...(await this.#options.gate.tryOut(step.after, step.demand, patience)) });
    };
    await severalAtATime(TRIALS_AT_A_TIME, steps, tryOut, patience);
  }

  async #draft({ sources, one }: Plan<unknown>): Promise<Draft> {
    const { registry, store, gate, healthIntervalMs } = this.#options;
    const next = { ...registry.sources, ...sources };
    // What was left of one of this name that is gone is not the new one's.
    if (one !== undefined && registry.find(one.id) === undefined) next.overlays = without(next.overlays, [one.id]);
    const stored = one === undefined ? await store.load() : [one.stored].filter((row) => row !== null);
    const { entries, warnings } = planConnectors({ ...next, stored, healthIntervalMs, only: one?.id });
    const mayGo = one === undefined ? registry.all().map(({ id }) => id) : [one.id];
    const added: ConnectorEntry[] = [];
    const updated: Step[] = [];
    const kept: ConnectorEntry[] = [];
    for (const after of entries.values()) {
      const before = registry.find(after.id);
      if (before === undefined) added.push(after);
      else if (one === undefined && isSameConnector(before, after)) kept.push(after);
      else updated.push({ after, demand: gate.demand(before, after, next.kinds) });
    }
    const removed = mayGo.filter((id) => !entries.has(id));
    return {
      sources: { ...next, overlays: without(next.overlays, removed) },
      added,
      updated,
      kept,
      removed,
      warnings,
    };
  }

  async #apply(
    { one, write, written = false }: Plan<unknown>,
    draft: Draft,
    trials: ReadonlyMap<string, Trial>,
  ): Promise<AppliedChange> {
    const { registry, store, overlays, live, events } = this.#options;
    const heldBack = draft.updated.flatMap(({ after: { id }, demand }) => {
      const reason = demand === 'nothing' ? undefined : trials.get(id)?.failure;
      return reason === undefined ? [] : [{ id, reason }];
    });
    const [refused] = heldBack;
    if (one !== undefined && refused !== undefined) throw heldBackError(refused);
    const left = written ? [] : [...registry.sources.overlays].filter(([id]) => !draft.sources.overlays.has(id));
    const isGone = ([id]: (typeof left)[number]): boolean => draft.removed.includes(id);
    // What another of its name has left is not the new one's.
    for (const [id] of left.filter((each) => !isGone(each))) await overlays.put(id, {});
    await write?.(store);
    const stuck = new Map<string, Overlay>();
    // Nothing fails for that any more: what cannot be dropped is nobody's, until another of its name comes.
    for (const [id, overlay] of left.filter(isGone))
      await overlays.put(id, {}).catch(() => void stuck.set(id, overlay));
    registry.sources =
      stuck.size === 0 ? draft.sources : { ...draft.sources, overlays: new Map([...draft.sources.overlays, ...stuck]) };
    for (const id of draft.removed) {
      registry.remove(id);
      live.close(id);
    }
    const updated = draft.updated
      .map(({ after }) => after)
      .filter(({ id }) => !heldBack.some((held) => held.id === id));
    const reachOnly = updated.filter((after) => isSameBut(registry.find(after.id), after));
    for (const entry of [...draft.added, ...updated]) {
      const before = registry.find(entry.id);
      registry.put(entry);
      const goesOn = before !== undefined && differsInProfile(before, entry) && live.adopt(entry);
      if (!goesOn) live.open(entry);
    }
    const released = draft.kept.filter(({ id }) => registry.get(id).heldBack !== undefined);
    for (const { id } of released) registry.put({ ...registry.get(id), heldBack: undefined });
    const reset = draft.kept.filter(({ id, overlay }) => !isDeepStrictEqual(registry.get(id).overlay, overlay));
    for (const { id, overlay } of reset) registry.put({ ...registry.get(id), overlay });
    for (const { id, reason } of heldBack) registry.put({ ...registry.get(id), heldBack: reason });
    const change = {
      added: idsOf(draft.added),
      updated: idsOf(updated),
      removed: draft.removed,
      reachOnly: idsOf(reachOnly),
    };
    for (const kind of ['removed', 'added', 'updated'] as const)
      for (const id of change[kind]) events.emit('change', kind, id);
    for (const id of new Set(idsOf([...released, ...reset]))) events.emit('change', 'updated', id);
    for (const { id, reason } of heldBack) events.emit('heldBack', id, reason);
    return { ...change, heldBack, warnings: draft.warnings };
  }
}

function callerLeft({ signal }: Patience): Error {
  return signal?.aborted === true
    ? new CancelledError('the caller left, and nothing was changed')
    : new TimeoutError('the time of the caller was over before anything was changed', {
        effect: 'none',
        blame: 'caller',
      });
}

function without<Value>(map: ReadonlyMap<string, Value>, keys: readonly string[]): ReadonlyMap<string, Value> {
  return keys.some((key) => map.has(key)) ? new Map([...map].filter(([key]) => !keys.includes(key))) : map;
}

/** Whether the one differs from the other in the network policy alone. */
function isSameBut(before: ConnectorEntry | undefined, after: ConnectorEntry): boolean {
  return before !== undefined && isSameConnector({ ...before, network: after.network }, after);
}

/** Every entry that is new, with the most that can be asked of it. */
function everyStep({ added, updated, kept }: Draft, nothingRuns: boolean): readonly Step[] {
  const idle = nothingRuns ? kept.filter(({ owner }) => owner === 'file') : [];
  return [...added, ...updated.map(({ after }) => after), ...idle].map((after) => ({ after, demand: 'healthy' }));
}

function nothingDone({ warnings }: Draft): AppliedChange {
  return { added: [], updated: [], removed: [], reachOnly: [], heldBack: [], warnings };
}

/** Whether this very entry has been tried out, and at least as strictly as it has to be. */
function isTried({ after, demand }: Step, trials: ReadonlyMap<string, Trial>): boolean {
  const trial = trials.get(after.id);
  return (
    trial !== undefined &&
    isSameConnector(trial.after, after) &&
    (trial.demand === demand || trial.demand === 'healthy')
  );
}

function heldBackError({ id, reason }: HeldBack): ConfigInvalidError {
  return new ConfigInvalidError(
    `the connector "${id}" goes on as it was: with the new configuration, which was tried beside it, ${reason}`,
    { connector: id, details: { reason: 'held_back' } },
  );
}

function idsOf(entries: readonly ConnectorEntry[]): readonly string[] {
  return entries.map(({ id }) => id);
}
