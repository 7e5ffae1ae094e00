import type { ConfigDrift, PackageDrift } from '@automate/contract';
import type { InstalledPackage, PluginSet } from '../store/placement-store.ts';

/** How many parts of a file are told of a host, in order of name: there may be ten thousand. */
const MOST_PARTS = 100;

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

/** What a host's file says of parts that not all files say alike. Of hosts that do not say, or under another key, nothing is known. */
export function findConfigDrift(
  own: PluginSet | undefined,
  sets: readonly (PluginSet | undefined)[],
): readonly ConfigDrift[] {
  const { key, parts } = own?.config ?? {};
  if (parts === undefined) return [];
  const others = sets.flatMap((set) => (set === own || set?.config?.key !== key ? [] : [set?.config?.parts ?? {}]));
  const names = new Set([parts, ...others].flatMap((each) => Object.keys(each)));
  return [...names]
    .filter((name) => others.some((other) => other[name] !== parts[name]))
    .toSorted()
    .slice(0, MOST_PARTS)
    .map((part) => {
      const form = parts[part];
      return form === undefined ? { part } : { part, form };
    });
}
