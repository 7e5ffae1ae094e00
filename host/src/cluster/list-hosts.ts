import type { HostInfo } from '@automate/contract';
import type { LivingHost, PluginSet } from '../store/placement-store.ts';
import { findConfigDrift, findPackageDrift } from './find-drift.ts';

/** What callers are told of hosts, in the same order. */
export function listHosts(
  living: readonly LivingHost[],
  setOf: (host: LivingHost) => PluginSet | undefined,
): readonly HostInfo[] {
  // Hosts that are alike have the same one.
  const sets = [...new Set(living.map(setOf))];
  const drifts = new Map(
    sets.map((set) => [set, { drift: findPackageDrift(set, sets), configDrift: findConfigDrift(set, sets) }]),
  );
  return living.map((host) => {
    const { id, name, version, address, labels, since, lastBeatAt, held, isLeaving, memoryBytes } = host;
    const { drift, configDrift } = drifts.get(setOf(host)) ?? { drift: [], configDrift: [] };
    return {
      id,
      name,
      version,
      address,
      labels,
      since,
      lastBeatAt,
      held,
      draining: isLeaving,
      memoryBytes,
      drift,
      configDrift,
    };
  });
}
