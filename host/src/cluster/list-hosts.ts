import type { HostInfo, PackageDrift } from '@automate/contract';
import type { InstalledPackage, LivingHost, PluginSet } from '../store/placement-store.ts';

/** What callers are told of hosts, in the same order. */
export function listHosts(
  living: readonly LivingHost[],
  setOf: (host: LivingHost) => PluginSet | undefined,
): readonly HostInfo[] {
  const sets = living.map(setOf);
  return living.map((host, index) => {
    const { id, name, version, address, labels, since, lastBeatAt, held, memoryBytes } = host;
    const drift = findPackageDrift(sets[index], sets);
    return { id, name, version, address, labels, since, lastBeatAt, held, memoryBytes, drift };
  });
}

/** What a host has of packages that are not the same in all of these sets. Of hosts that do not say what they have, nothing is known. */
export function findPackageDrift(
  own: PluginSet | undefined,
  sets: readonly (PluginSet | undefined)[],
): readonly PackageDrift[] {
  if (own === undefined) return [];
  const known = sets.filter((set) => set !== undefined);
  const names = new Set(known.flatMap(({ packages }) => packages.map((each) => each.package)));
  return [...names].toSorted().flatMap((name): readonly PackageDrift[] => {
    const forms = new Set(known.map((set) => JSON.stringify(packageOf(set, name))));
    if (forms.size < 2) return [];
    const { version, integrity } = packageOf(own, name) ?? {};
    return [
      {
        package: name,
        ...(version === undefined ? {} : { version }),
        ...(integrity === undefined ? {} : { integrity }),
      },
    ];
  });
}

function packageOf({ packages }: PluginSet, name: string): InstalledPackage | undefined {
  return packages.find((each) => each.package === name);
}
