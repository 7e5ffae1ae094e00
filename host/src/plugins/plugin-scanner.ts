import type { PluginReport } from '@automate/contract';
import { needsAction } from '@automate/contract';
import type { Discovery, DiscoverOptions } from './compatibility/discover.ts';
import { discover } from './compatibility/discover.ts';
import { explainMissingKind } from './compatibility/explain-missing-kind.ts';
import { reportLocked } from './lock/find-lock-problems.ts';
import type { DiscoveredKinds } from './kind-catalog.ts';
import type { KindPolicy } from './kinds.ts';
import { kindsOf } from './kinds.ts';

/** Which packages are looked at, which of them may be admitted, how their connectors are isolated, and what they are granted. */
export type ScanSettings = Omit<DiscoverOptions, 'root' | 'hostVersion' | 'full'> & KindPolicy;

export interface PluginScannerOptions {
  readonly projectDir: string;
  readonly hostVersion: string;
}

/** Scans the project for connector packages. */
export class PluginScanner {
  readonly #options: PluginScannerOptions;
  #settings: ScanSettings = {};
  /** What the last scan found. */
  #found: Discovery | undefined;
  /** The same with the whole top level of node_modules, once someone has asked for that. */
  #whole: Discovery | undefined;

  constructor(options: PluginScannerOptions) {
    this.#options = options;
  }

  /** Another that knows nothing of what this one found, nor this one of what it finds. */
  aside(): PluginScanner {
    return new PluginScanner(this.#options);
  }

  /** Knows from now on what the other one found. */
  adopt(other: PluginScanner): void {
    this.#settings = other.#settings;
    this.#found = other.#found;
    this.#whole = other.#whole;
  }

  /**
   * Scans anew. `full` reads the whole top level of `node_modules`, so that packages which nobody asked for by name are reported
   * too; otherwise the direct dependencies are read by name, which is all that is needed to start.
   */
  scan(settings: ScanSettings, { full }: { readonly full: boolean }): DiscoveredKinds {
    this.#settings = settings;
    const found = this.#discover(full);
    this.#found = found;
    this.#whole = full ? found : undefined;
    // The reason may lie in a package that nobody asked for by name, so that it is looked for there too.
    const explainMissing: DiscoveredKinds['explainMissing'] = (name, others) =>
      explainMissingKind(name, this.#look(), others);
    const broken = new Set(found.report.plugins.filter(needsAction).map((plugin) => plugin.package));
    return { kinds: kindsOf(found.declarations, settings), explainMissing, isBroken: (name) => broken.has(name) };
  }

  /** What the last scan found. */
  get lastReport(): PluginReport {
    return this.#found?.report ?? { plugins: [], problems: [] };
  }

  /** The last report, made whole if the last scan was not, with what the project's lock has of each package by now. */
  report(): PluginReport {
    return reportLocked(this.#options.projectDir, this.#look().report);
  }

  #look(): Discovery {
    return (this.#whole ??= this.#discover(true));
  }

  #discover(full: boolean): Discovery {
    const { projectDir, hostVersion } = this.#options;
    return discover({ root: projectDir, hostVersion, full, ...this.#settings });
  }
}
