import type { HostEvents } from '../events/host-events.ts';
import type { Store } from '../store/store.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LiveConnectors } from './live-connectors.ts';
import { isSameConnector, planConnectors } from './plan-connectors.ts';
import type { Registry, Sources } from './registry.ts';

/** What a change makes of what stands. */
export interface Plan<T> {
  /** What the connectors are made of from now on. Default: as before. */
  readonly sources?: Partial<Sources>;
  /** The one connector that this is about, which starts anew whatever differs. Absent: each one that differs does. */
  readonly only?: string;
  /** Writes to the store, before anything is put to work. What it throws is the change's error, and nothing has happened. */
  write?(store: Store): void;
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
  readonly warnings: readonly string[];
}

export interface ChangesOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly live: LiveConnectors;
  readonly events: HostEvents;
  /** Default of `health_check.interval`, in milliseconds. */
  readonly healthIntervalMs: number;
}

/**
 * The one writer of the set of connectors, whoever wants it changed: the start, the file, a rescan, a kind of the embedding
 * program, the API. A change is planned and applied in one turn of the event loop, so that it rests on what stands; what
 * takes longer to learn is learned before, while other changes go on.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #lanes = new KeyedLock();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** A change of one connector, after those of the same id that came before. */
  ofOne<T>(id: string, plan: Planner<T>): Promise<T> {
    return this.#lanes.run(`one:${id}`, () => this.#run(plan));
  }

  /** A change of what connectors are made of, after those that came before. `prepare` may read what it needs, in its turn. */
  ofAll<T>(prepare: () => Planner<T> | Promise<Planner<T>>): Promise<T> {
    return this.#lanes.run('all', async () => this.#run(await prepare()));
  }

  async #run<T>(plan: Planner<T>): Promise<T> {
    for (;;) {
      const planned = plan(this.#options.registry);
      if (!(planned instanceof Promise)) return planned.answer(this.#apply(planned));
      await planned;
    }
  }

  #apply({ sources, only, write }: Plan<unknown>): AppliedChange {
    const { registry, store, live, events, healthIntervalMs } = this.#options;
    write?.(store);
    const was = registry.sources;
    const is = { ...was, ...sources };
    registry.sources = is;
    const { entries, warnings } = planConnectors({ ...is, stored: store.load(), healthIntervalMs, only });
    const mayGo = only === undefined ? registry.all().map(({ id }) => id) : [only];
    const removed = mayGo.filter((id) => !entries.has(id) && registry.find(id) !== undefined);
    const added: ConnectorEntry[] = [];
    const updated: ConnectorEntry[] = [];
    for (const after of entries.values()) {
      const before = registry.find(after.id);
      if (before === undefined) added.push(after);
      else if (only !== undefined || !isSameConnector(before, after, was.config, is.config)) updated.push(after);
    }
    for (const id of removed) {
      registry.remove(id);
      live.close(id);
    }
    for (const entry of [...added, ...updated]) {
      registry.put(entry);
      live.open(entry);
    }
    const change = { added: idsOf(added), updated: idsOf(updated), removed, warnings };
    for (const kind of ['removed', 'added', 'updated'] as const)
      for (const id of change[kind]) events.emit('change', kind, id);
    return change;
  }
}

function idsOf(entries: readonly ConnectorEntry[]): readonly string[] {
  return entries.map(({ id }) => id);
}
