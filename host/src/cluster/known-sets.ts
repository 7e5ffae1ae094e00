import type { PackageDrift } from '@automate/contract';
import type { LivingHost, PluginSet } from '../store/placement-store.ts';
import { findPackageDrift } from './list-hosts.ts';

/** What hosts that live can run, as they said with their beats. */
export class KnownSets {
  readonly #onDrift: (drift: readonly PackageDrift[]) => void;
  /** By digest. */
  #sets = new Map<string, PluginSet>();
  #drift: readonly PackageDrift[] = [];

  /** @param onDrift hears in what this host's packages are not those of all others, whenever that has changed; empty: they are alike again */
  constructor(onDrift: (drift: readonly PackageDrift[]) => void) {
    this.#onDrift = onDrift;
  }

  get digests(): readonly string[] {
    return [...this.#sets.keys()];
  }

  /** Undefined of a host that does not say, or of which that was not read yet. */
  of({ digest }: Pick<LivingHost, 'digest'>): PluginSet | undefined {
    return this.#sets.get(digest);
  }

  /** @param own the digest of this host's */
  learn(living: readonly LivingHost[], sets: readonly PluginSet[], own: string): void {
    const all = [...this.#sets.values(), ...sets].map((set) => [set.digest, set] as const);
    const told = new Set(living.map(({ digest }) => digest));
    this.#sets = new Map(all.filter(([digest]) => told.has(digest)));
    const drift = findPackageDrift(this.#sets.get(own), [...this.#sets.values()]);
    if (JSON.stringify(drift) === JSON.stringify(this.#drift)) return;
    this.#drift = drift;
    this.#onDrift(drift);
  }
}
