import type { ConfigDrift, PackageDrift } from '@automate/contract';
import type { LivingHost, PluginSet } from '../store/placement-store.ts';
import { findConfigDrift, findPackageDrift } from './find-drift.ts';

export interface KnownSetsOptions {
  /** Hears in what this host's packages are not those of all others, whenever that has changed; empty: they are alike again. */
  onDrift(drift: readonly PackageDrift[]): void;
  /** The same of its configuration file. */
  onConfigDrift(drift: readonly ConfigDrift[]): void;
}

/** What hosts that live can run, and what their files say, as they said with their beats. */
export class KnownSets {
  readonly #options: KnownSetsOptions;
  /** By digest. */
  #sets = new Map<string, PluginSet>();
  /** Of what was compared last. */
  #compared = '';
  #drift = '[]';
  #configDrift = '[]';

  constructor(options: KnownSetsOptions) {
    this.#options = options;
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
    const compared = [own, ...this.#sets.keys()].join();
    if (compared === this.#compared) return;
    this.#compared = compared;
    const known = [...this.#sets.values()];
    const drift = findPackageDrift(this.#sets.get(own), known);
    if (JSON.stringify(drift) !== this.#drift) this.#options.onDrift(drift);
    this.#drift = JSON.stringify(drift);
    const configDrift = findConfigDrift(this.#sets.get(own), known);
    if (JSON.stringify(configDrift) !== this.#configDrift) this.#options.onConfigDrift(configDrift);
    this.#configDrift = JSON.stringify(configDrift);
  }
}
