import { join } from 'node:path';
import type { PluginEntry, PluginReport, Problem } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { hashInstalled } from '../discovery/hash-manifest.ts';
import type { LockedPackage } from './connectors-lock.ts';
import { LOCK_FILE, readLock } from './connectors-lock.ts';
import { findDrift } from './find-drift.ts';
import type { InstalledFacts } from './lock-package.ts';
import { factsOf } from './lock-package.ts';

/** What a host that is not frozen should tell at its start: packages of another version, or another package.json, than was accepted. */
export function findUnaccepted(projectDir: string, report: PluginReport): readonly string[] {
  const reading = readLock(projectDir);
  if (reading.kind !== 'read') return reading.kind === 'absent' ? [] : reading.problems.map(describeProblem);
  return report.plugins.flatMap((plugin) => explainUnaccepted(plugin, reading.lock[plugin.package]) ?? []);
}

/** The report with what the project's lock has of each package: another version than is installed, and the one before it. */
export function reportLocked(projectDir: string, report: PluginReport): PluginReport {
  const reading = readLock(projectDir);
  if (reading.kind !== 'read') return report;
  const plugins = report.plugins.map((plugin): PluginEntry => {
    const locked = reading.lock[plugin.package];
    const unaccepted = explainUnaccepted(plugin, locked);
    // What was accepted last comes before what is installed and was not.
    const formerVersion = locked?.version === plugin.version ? locked?.previous?.version : locked?.version;
    return {
      ...plugin,
      ...(unaccepted === undefined ? {} : { warnings: [...plugin.warnings, unaccepted] }),
      ...(formerVersion === undefined ? {} : { formerVersion }),
    };
  });
  return { ...report, plugins };
}

function explainUnaccepted(
  { package: name, version, path, status }: PluginEntry,
  locked: LockedPackage | undefined,
): string | undefined {
  if (status !== 'admitted' || locked === undefined) return undefined;
  if (locked.version === version && locked.manifest === `sha256-${hashInstalled(path) ?? ''}`) return undefined;
  const what = locked.version === version ? 'another package.json' : `version ${version ?? ''}`;
  return `${name} is installed with ${what}, and ${LOCK_FILE} has version ${locked.version}: "automate plugins diff" shows what differs, "automate plugins update --installed" accepts it`;
}

/**
 * Everything in which the admitted packages of a scan differ from the project's lock; a lock that is missing or broken is one problem.
 * Reads every file of those packages, and runs none.
 */
export function findLockProblems(projectDir: string, report: PluginReport): readonly Problem[] {
  const reading = readLock(projectDir);
  if (reading.kind === 'faulty') return reading.problems;
  if (reading.kind === 'absent') {
    const file = join(projectDir, LOCK_FILE);
    const message = `${file} is not there: "automate plugins update --installed" writes it`;
    return [{ path: LOCK_FILE, expected: 'a file', received: 'nothing', message }];
  }
  const unreadable = new Map<string, Problem>();
  const installed = new Map<string, InstalledFacts>();
  for (const { package: name, version = '', path: packageDir, kinds, permissions, status } of report.plugins) {
    if (status !== 'admitted') continue;
    try {
      installed.set(name, factsOf({ packageDir, version, kinds, permissions }));
    } catch (error) {
      const received = error instanceof Error ? error.message : String(error);
      unreadable.set(name, { path: `${LOCK_FILE}: ${name} files`, expected: 'files that can be read', received });
    }
  }
  const comparable = Object.entries(reading.lock).filter(([name]) => !unreadable.has(name));
  return [...unreadable.values(), ...findDrift(Object.fromEntries(comparable), installed)];
}
