import type { HealthReport } from '@automate/contract';
import { clipText } from '@automate/contract';
import type { Placement, PlacementStore } from '../store/placement-store.ts';
import type { Clock } from './clock.ts';

/** What other hosts are told of how a connector is. */
export type HealthElsewhere = Omit<HealthReport, 'id' | 'rateQueued' | 'paused'>;

export interface ToldHealthOptions {
  readonly store: Pick<PlacementStore, 'tellHealth'>;
  readonly clock: Clock;
  /** Of this host. */
  readonly id: string;
  holds(connector: string): boolean;
  /** How a connector is that this host holds; undefined where there is none. */
  healthOf(connector: string): HealthReport | undefined;
}

/** How long what has changed is gathered before it is written, in milliseconds. */
const GATHER_MS = 200;
/** How old times and durations may be that are told, in milliseconds, where nothing else has changed. */
const FRESH_MS = 300_000;
const MAX_MESSAGE = 500;

/** By which hosts know of each other how the connectors are that they hold. */
export class ToldHealth {
  readonly #options: ToldHealthOptions;
  /** By connector, what the store has of it, as far as is known. */
  readonly #known = new Map<string, { readonly text: string; readonly health: HealthElsewhere | undefined }>();
  /** By connector, what of it is told at once, and when it was told. */
  readonly #told = new Map<string, { readonly key: string; readonly at: number }>();
  readonly #changed = new Set<string>();
  #stop: (() => void) | undefined;

  constructor(options: ToldHealthOptions) {
    this.#options = options;
  }

  /** How a connector was at the host that holds it. */
  of(connector: string): HealthElsewhere | undefined {
    return this.#known.get(connector)?.health;
  }

  /** What others have written; true where that is news. */
  learn({ connector, health: text }: Placement): boolean {
    if (text === '' || this.#known.get(connector)?.text === text) return false;
    this.#known.set(connector, { text, health: JSON.parse(text) as HealthElsewhere });
    return true;
  }

  /** Something happened to a connector; others are told where this host holds it. */
  note(connector: string): void {
    if (!this.#options.holds(connector)) return;
    this.#changed.add(connector);
    this.#stop ??= this.#options.clock.after(GATHER_MS, () => void this.#tell());
  }

  forget(connector: string): void {
    this.#known.delete(connector);
    this.#told.delete(connector);
  }

  /** What is to be told is told anew, as another host may have written meanwhile. */
  lapse(): void {
    this.#told.clear();
  }

  close(): void {
    this.#stop?.();
    this.#changed.clear();
  }

  async #tell(): Promise<void> {
    const { store, clock, id, holds, healthOf } = this.#options;
    const now = clock.now();
    const news = [...this.#changed].flatMap((connector) => {
      const report = holds(connector) ? healthOf(connector) : undefined;
      if (report === undefined) return [];
      const health = healthToTell(report);
      const key = JSON.stringify([health.status, health.message, health.blame, health.circuit]);
      const told = this.#told.get(connector);
      if (told?.key === key && now - told.at < FRESH_MS) return [];
      return [{ connector, key, text: JSON.stringify(health) }];
    });
    this.#changed.clear();
    try {
      if (news.length > 0) await store.tellHealth(id, new Map(news.map(({ connector, text }) => [connector, text])));
      for (const { connector, key } of news) this.#told.set(connector, { key, at: now });
    } catch {
      // The store is lost, and the log says so: what has changed is told once it is there again.
      for (const { connector } of news) this.#changed.add(connector);
    } finally {
      this.#stop = this.#changed.size > 0 ? clock.after(GATHER_MS, () => void this.#tell()) : undefined;
    }
  }
}

function healthToTell({ id: _id, rateQueued: _queued, paused: _paused, ...health }: HealthReport): HealthElsewhere {
  return { ...health, message: clipText(health.message, MAX_MESSAGE) };
}
