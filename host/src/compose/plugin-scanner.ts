import type { PluginReport } from '@automate/contract';
import type { Discovery } from '../compatibility/discover.ts';
import { discover } from '../compatibility/discover.ts';
import { explainMissingKind } from '../compatibility/explain-missing-kind.ts';
import type { PluginsConfig } from '../config/host-config.ts';
import type { KindCatalog } from '../registry/kind-catalog.ts';
import { kindsOf } from './kinds.ts';

export interface PluginScannerOptions {
  readonly projectDir: string;
  readonly hostVersion: string;
  readonly kinds: KindCatalog;
  /** The `plugins:` section in force. */
  settings(): PluginsConfig;
}

/** Scans the project for connector packages and puts their kinds into the catalog. */
export class PluginScanner {
  readonly #options: PluginScannerOptions;
  /** What the last scan found. */
  #found: Discovery | undefined;
  /** The same with the whole top level of node_modules, once someone has asked for that. */
  #whole: Discovery | undefined;

  constructor(options: PluginScannerOptions) {
    this.#options = options;
  }

  /**
   * Scans and replaces the catalog's kinds. `full` reads the whole top level of `node_modules`, so that packages which nobody asked
   * for by name are reported too; otherwise the direct dependencies are read by name, which is all that is needed to start.
   */
  scan({ full }: { readonly full: boolean }): PluginReport {
    const found = this.#discover(full);
    this.#found = found;
    this.#whole = full ? found : undefined;
    // The reason may lie in a package that nobody asked for by name, so that it is looked for there too.
    this.#options.kinds.replaceDiscovered(kindsOf(found.declarations), (name) =>
      explainMissingKind(name, this.#look()),
    );
    return found.report;
  }

  /** What the last scan found. */
  get lastReport(): PluginReport {
    return this.#found?.report ?? { plugins: [], problems: [] };
  }

  /** The last report, made whole if the last scan was not. Reading for the report does not change the catalog. */
  report(): PluginReport {
    return this.#look().report;
  }

  #look(): Discovery {
    return (this.#whole ??= this.#discover(true));
  }

  #discover(full: boolean): Discovery {
    const { projectDir, hostVersion, settings } = this.#options;
    return discover({ root: projectDir, hostVersion, full, ...settings() });
  }
}
