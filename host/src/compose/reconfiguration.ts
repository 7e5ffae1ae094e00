import { isDeepStrictEqual } from 'node:util';
import { diffConfig } from '../config/diff-config.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { KindCatalog } from '../registry/kind-catalog.ts';
import type { Registry } from '../registry/registry.ts';
import type { LiveConnectors } from '../service/live-connectors.ts';
import type { Store } from '../store/store.ts';
import type { RegistryChange } from './plan-connectors.ts';
import { applyPlan, planConnectors } from './plan-connectors.ts';
import type { PluginScanner } from './plugin-scanner.ts';

export interface ReconfigurationOptions {
  readonly registry: Registry;
  readonly kinds: KindCatalog;
  readonly store: Store;
  readonly live: LiveConnectors;
  readonly scanner: PluginScanner;
  readonly healthIntervalMs: number;
}

export type AppliedChange = RegistryChange & { readonly warnings: readonly string[] };

/** Brings what runs in line with a configuration: only what changed is restarted, and what it replaces drains. */
export class Reconfiguration {
  readonly #options: ReconfigurationOptions;

  constructor(options: ReconfigurationOptions) {
    this.#options = options;
  }

  /** `isChanged` names connectors that have to restart though their own entry is as it was. */
  apply(config: HostConfig, isChanged: (id: string) => boolean): AppliedChange {
    const { registry, kinds, store, live, healthIntervalMs } = this.#options;
    const plan = planConnectors({ configured: config.connectors, kinds, store, healthIntervalMs });
    const change = applyPlan(registry, plan.inputs, isChanged);
    for (const id of change.removed) live.close(id);
    for (const entry of [...change.added, ...change.updated]) live.open(entry);
    return { ...change, warnings: plan.warnings };
  }

  /** The same after the file was read again, where profiles and plugin settings may have changed too. */
  reload(before: HostConfig, after: HostConfig): AppliedChange {
    const diff = diffConfig(before, after);
    if (diff.pluginsChanged) this.#options.scanner.scan({ full: false });
    const changed = new Set(diff.changed.map((connector) => connector.after.config.id));
    const rootsChanged = !isDeepStrictEqual(before.fileRoots, after.fileRoots);
    return this.apply(
      after,
      (id) =>
        changed.has(id) ||
        this.#usesChangedProfile(id, before, after) ||
        (rootsChanged && this.#options.registry.find(id)?.owner === 'api'),
    );
  }

  /** Registered connectors may use the file's profiles too, and the file's own differences do not name those. */
  #usesChangedProfile(id: string, before: HostConfig, after: HostConfig): boolean {
    const profile = this.#options.registry.find(id)?.config.profile;
    if (profile === undefined) return false;
    return JSON.stringify(before.profiles.get(profile)) !== JSON.stringify(after.profiles.get(profile));
  }
}
