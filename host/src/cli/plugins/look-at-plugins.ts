import type { PluginEntry } from '@automate/contract';
import type { Discovery } from '../../plugins/compatibility/discover.ts';
import { discover } from '../../plugins/compatibility/discover.ts';
import type { Declaration } from '../../plugins/discovery/declaration.ts';
import { readProject } from '../../plugins/discovery/read-project.ts';
import type { InstalledFacts } from '../../plugins/lock/lock-package.ts';
import { factsOf } from '../../plugins/lock/lock-package.ts';
import type { ScanSettings } from '../../plugins/plugin-scanner.ts';

/** The connector packages of a project, or of a copy of it. */
export interface LookedAt {
  readonly discovery: Discovery;
  /** Name → what package.json asks for. */
  readonly asked: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, PluginEntry>;
  /** Of those that are admitted, by name. */
  readonly facts: ReadonlyMap<string, InstalledFacts>;
  /** The kinds that an admitted package declares. */
  kindsOf(packageName: string): readonly Declaration[];
}

/** Reads files, and runs none. Throws Error where a package's files cannot be read. */
export function lookAtPlugins(root: string, settings: ScanSettings, hostVersion: string): LookedAt {
  // What is signed, and by whom, is judged once it lies there.
  const discovery = discover({ root, hostVersion, full: true, ...settings, signatures: 'allow' });
  const entries = new Map(discovery.report.plugins.map((entry) => [entry.package, entry]));
  const admitted = [...entries.values()].filter(({ status }) => status === 'admitted');
  const facts = admitted.map((entry) => {
    const { path: packageDir, version = '', kinds, permissions } = entry;
    return [entry.package, factsOf({ packageDir, version, kinds, permissions })] as const;
  });
  const declarations = [...discovery.declarations.values()];
  return {
    discovery,
    asked: readProject(root).dependencies,
    entries,
    facts: new Map(facts),
    kindsOf: (packageName) => declarations.filter((each) => each.packageName === packageName),
  };
}
