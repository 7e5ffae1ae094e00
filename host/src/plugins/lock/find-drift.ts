import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '@automate/contract';
import type { ConnectorsLock, LockedPackage } from './connectors-lock.ts';
import { LOCK_FILE } from './connectors-lock.ts';
import type { InstalledFacts } from './lock-package.ts';

/** Everything in which what is installed, or granted, differs from the lock. Nothing is run for it. */
export function findDrift(lock: ConnectorsLock, installed: ReadonlyMap<string, InstalledFacts>): readonly Problem[] {
  const problems: Problem[] = [];
  const differs = (path: string, expected: string, received: string): void =>
    void problems.push({ path: `${LOCK_FILE}: ${path}`, expected, received });
  for (const [name, locked] of Object.entries(lock)) {
    const found = installed.get(name);
    if (found === undefined) differs(name, `version ${locked.version}`, 'nothing installed');
    else comparePackage(name, locked, found, differs);
  }
  for (const [name, { version }] of installed)
    if (lock[name] === undefined) differs(name, 'nothing, as it is not in the lock', `version ${version}`);
  return problems;
}

function comparePackage(
  name: string,
  locked: LockedPackage,
  found: InstalledFacts,
  differs: (path: string, expected: string, received: string) => void,
): void {
  // Other files are what another version is about.
  if (found.version !== locked.version) differs(`${name} version`, locked.version, found.version);
  else if (found.manifest !== locked.manifest) differs(`${name} package.json`, locked.manifest, found.manifest);
  else if (found.integrity !== locked.integrity) differs(`${name} files`, locked.integrity, found.integrity);
  for (const [kind, { granted }] of Object.entries(locked.kinds)) {
    if (!Object.hasOwn(found.granted, kind)) continue;
    const now = found.granted[kind];
    if (!isDeepStrictEqual(granted, now)) differs(`${name} grants of "${kind}"`, showGrants(granted), showGrants(now));
  }
}

function showGrants(granted: LockedPackage['kinds'][string]['granted']): string {
  if (granted === undefined) return 'nothing';
  return Object.entries(granted)
    .flatMap(([key, value]) =>
      value === true ? [key] : Array.isArray(value) && value.length > 0 ? [`${key} ${value.join(', ')}`] : [],
    )
    .join('; ');
}
