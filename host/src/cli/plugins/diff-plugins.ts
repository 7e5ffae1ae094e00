import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Declaration } from '../../plugins/discovery/declaration.ts';
import { createManifestReader } from '../../plugins/discovery/manifest-file.ts';
import { readConnector } from '../../plugins/discovery/read-connector.ts';
import type { ConnectorsLock } from '../../plugins/lock/connectors-lock.ts';
import { findLockProblems } from '../../plugins/lock/find-lock-problems.ts';
import { hashPackage } from '../../plugins/lock/hash-package.ts';
import { directoryLabel, snapshotsRoot } from '../../plugins/snapshots/snapshots.ts';
import { lookAtProject } from './look-at-project.ts';
import type { PluginDiff } from './plugin-changes.ts';
import type { PluginMachine } from './plugin-machine.ts';
import { planPlugins } from './plugin-plan.ts';

/** Changes nothing. What the former version of a kind did is told by its snapshot, where the data directory has it still, else by the lock. */
export async function diffPlugins(machine: PluginMachine): Promise<PluginDiff> {
  const { projectDir, settings } = machine;
  const { looked, lock } = await lookAtProject(machine);
  const problems = findLockProblems(projectDir, looked.discovery.report);
  if (lock === undefined) return { changes: [], problems, warnings: [] };
  const former = (name: string): readonly Declaration[] => findFormer(snapshotsRoot(settings.dataDir), name, lock);
  const plan = await planPlugins({ before: { ...looked, kindsOf: former }, after: looked, lock, named: [] });
  return {
    changes: plan.changes,
    problems,
    warnings: [...plan.warnings, ...plan.refusals.map(({ reason }) => reason)],
  };
}

/** The kinds of the package that the lock has, from a copy of its very files. */
function findFormer(root: string, name: string, lock: ConnectorsLock): readonly Declaration[] {
  const locked = lock[name];
  if (locked === undefined) return [];
  const prefix = `${directoryLabel({ packageName: name })}@${locked.version}-`;
  const directories = listNames(root).filter((each) => each.startsWith(prefix));
  for (const directory of directories.map((each) => join(root, each))) {
    if (hashPackage(directory).integrity !== locked.integrity) continue;
    const manifest = createManifestReader()(join(directory, 'package.json'));
    if (manifest.kind !== 'text') continue;
    const read = readConnector({
      name,
      expectedName: name,
      linkedDir: directory,
      realDir: directory,
      direct: true,
      origin: root,
      manifest,
    });
    if (read.kind === 'sound') return read.declarations;
  }
  return [];
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // no host has run a package yet
  }
}
