import { createHash } from 'node:crypto';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import { createLockReader } from '../plugins/lock/connectors-lock.ts';
import type { ConnectorsLock } from '../plugins/lock/connectors-lock.ts';
import type { InstalledPackage, PluginSet } from '../store/placement-store.ts';

/** What can be run of a project, by its kinds and its lock as they are at each call; of the same ones it is not made again. */
export function createPluginSetReader(projectDir: string, kinds: () => KindCatalog): () => PluginSet {
  const readLock = createLockReader(projectDir);
  let last:
    | { readonly catalog: KindCatalog; readonly lock: ConnectorsLock | undefined; readonly set: PluginSet }
    | undefined;
  return () => {
    const reading = readLock();
    const lock = reading.kind === 'read' ? reading.lock : undefined;
    const catalog = kinds();
    if (last?.catalog !== catalog || last.lock !== lock) last = { catalog, lock, set: pluginSetOf(catalog, lock) };
    return last.set;
  };
}

function pluginSetOf(catalog: KindCatalog, lock: ConnectorsLock | undefined): PluginSet {
  const packages = new Map<string, InstalledPackage>();
  const all = catalog.all();
  for (const { name, source } of all) {
    if (source.via !== 'package') continue;
    const { packageName, packageVersion: version } = source;
    const integrity = lock?.[packageName]?.integrity;
    packages.set(packageName, {
      package: packageName,
      version,
      ...(integrity === undefined ? {} : { integrity }),
      kinds: [...(packages.get(packageName)?.kinds ?? []), name],
    });
  }
  const set = {
    kinds: all.map(({ name }) => name),
    packages: [...packages.values()].toSorted((a, b) => (a.package < b.package ? -1 : 1)),
  };
  return { ...set, digest: createHash('sha256').update(JSON.stringify(set)).digest('base64url') };
}
