import { createHash } from 'node:crypto';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import { createLockReader } from '../plugins/lock/connectors-lock.ts';
import type { InstalledPackage, PluginSet } from '../store/placement-store.ts';

/** What can be run of a project, by its kinds and its lock as they are at each call. */
export function createPluginSetReader(projectDir: string, kinds: () => KindCatalog): () => PluginSet {
  const readLock = createLockReader(projectDir);
  return () => {
    const lock = readLock();
    const packages = new Map<string, InstalledPackage>();
    const all = kinds().all();
    for (const { name, source } of all) {
      if (source.via !== 'package') continue;
      const { packageName, packageVersion: version } = source;
      const integrity = lock.kind === 'read' ? lock.lock[packageName]?.integrity : undefined;
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
  };
}
