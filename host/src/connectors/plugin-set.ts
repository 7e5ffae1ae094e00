import { createHash } from 'node:crypto';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import { createLockReader } from '../plugins/lock/connectors-lock.ts';
import type { ConnectorsLock } from '../plugins/lock/connectors-lock.ts';
import type { InstalledPackage, PluginSet } from '../store/placement-store.ts';
import type { DerivingKey } from './told-config.ts';
import { toldConfig } from './told-config.ts';

export interface PluginSetReaderOptions {
  readonly projectDir: string;
  kinds(): KindCatalog;
  /** The text of the configuration file that is in force. */
  configText(): string;
}

/**
 * What can be run of a project, by its kinds and its lock as they are at each call, with what its file says, and the master keys of the host,
 * the one in use first; of the same ones it is not made again.
 */
export function createPluginSetReader({
  projectDir,
  kinds,
  configText,
}: PluginSetReaderOptions): (keys: readonly DerivingKey[]) => PluginSet {
  const readLock = createLockReader(projectDir);
  let last:
    | {
        readonly catalog: KindCatalog;
        readonly lock: ConnectorsLock | undefined;
        readonly keys: string;
        readonly text: string;
        readonly set: PluginSet;
      }
    | undefined;
  return (keys) => {
    const reading = readLock();
    const lock = reading.kind === 'read' ? reading.lock : undefined;
    const catalog = kinds();
    const ids = keys.map(({ id }) => id).join();
    const text = configText();
    if (last?.catalog !== catalog || last.lock !== lock || last.keys !== ids || last.text !== text)
      last = { catalog, lock, keys: ids, text, set: pluginSetOf(catalog, { lock, keys, text }) };
    return last.set;
  };
}

function pluginSetOf(
  catalog: KindCatalog,
  {
    lock,
    keys,
    text,
  }: { readonly lock: ConnectorsLock | undefined; readonly keys: readonly DerivingKey[]; readonly text: string },
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
    keys: keys.map(({ id }) => id),
    ...(keys[0] === undefined ? {} : { config: toldConfig(text, keys[0]) }),
  };
  return { ...set, digest: createHash('sha256').update(JSON.stringify(set)).digest('base64url') };
}
