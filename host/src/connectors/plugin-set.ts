import { createHash } from 'node:crypto';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import { createLockReader } from '../plugins/lock/connectors-lock.ts';
import type { ConnectorsLock } from '../plugins/lock/connectors-lock.ts';
import type { InstalledPackage, PluginSet } from '../store/placement-store.ts';

/**
 * What can be run of a project, by its kinds and its lock as they are at each call, and the master keys of the host, which are given by their
 * ids; of the same ones it is not made again.
 */
export function createPluginSetReader(
  projectDir: string,
  kinds: () => KindCatalog,
): (keys: readonly string[]) => PluginSet {
  const readLock = createLockReader(projectDir);
  let last:
    | {
        readonly catalog: KindCatalog;
        readonly lock: ConnectorsLock | undefined;
        readonly keys: string;
        readonly set: PluginSet;
      }
    | undefined;
  return (keys) => {
    const reading = readLock();
    const lock = reading.kind === 'read' ? reading.lock : undefined;
    const catalog = kinds();
    const ids = keys.join();
    if (last?.catalog !== catalog || last.lock !== lock || last.keys !== ids)
      last = { catalog, lock, keys: ids, set: pluginSetOf(catalog, { lock, keys }) };
    return last.set;
  };
}

function pluginSetOf(
  catalog: KindCatalog,
  { lock, keys }: { readonly lock: ConnectorsLock | undefined; readonly keys: readonly string[] },
): PluginSet {
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
    keys,
  };
  return { ...set, digest: createHash('sha256').update(JSON.stringify(set)).digest('base64url') };
}
