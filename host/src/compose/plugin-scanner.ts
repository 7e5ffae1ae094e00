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
  #found: Discovery | undefined;
  #whole = false;

  constructor(options: PluginScannerOptions) {
    this.#options = options;
  }

  /**
   * Scans and replaces the catalog's kinds. `full` reads the whole top level of `node_modules`, so that packages which nobody asked
   * for by name are reported too; otherwise the direct dependencies are read by name, which is all that is needed to start.
   */
  scan(options: { readonly full: boolean }): PluginReport {
    const { projectDir, hostVersion, kinds, settings } = this.#options;
    const found = discover({ root: projectDir, hostVersion, full: options.full, ...settings() });
    this.#found = found;
    this.#whole = options.full;
    kinds.replaceDiscovered(kindsOf(found.declarations), (name) => explainMissingKind(name, found));
    return found.report;
  }

  /** What the last scan found. */
  get lastReport(): PluginReport {
    return this.#found?.report ?? { plugins: [], problems: [] };
  }

  /** The last report, made whole if the last scan was not. Reading for the report does not change the catalog. */
  report(): PluginReport {
    if (this.#found !== undefined && this.#whole) return this.#found.report;
    const { projectDir, hostVersion, settings } = this.#options;
    return discover({ root: projectDir, hostVersion, full: true, ...settings() }).report;
  }
}
