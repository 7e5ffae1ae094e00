import type { ConnectorDescription } from '@automate/contract';
import type { ConnectorAdapter, JsonObject } from '@automate/sdk';
import type { AdapterClass } from '@automate/sdk/runtime';
import type { TestConfig } from '../open-adapter.ts';

export interface ConformanceOptions {
  /** Configuration of a connector of this kind. A `host` says that the kind has an endpoint; nothing is sent to it. */
  readonly config?: TestConfig;
  /** Settings that the kind accepts. */
  readonly settings?: JsonObject;
  /** Secrets of a profile that the kind accepts. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The key in the manifest. Default: the adapter's own name. */
  readonly kind?: string;
  /** The package's package.json, to be checked as well. */
  readonly packageJson?: unknown;
}

/** What every check is given. */
export interface Subject {
  readonly adapterClass: AdapterClass;
  readonly options: ConformanceOptions;
  readonly kind: string;
  readonly description: ConnectorDescription;
  readonly sample: ConnectorAdapter;
}

/** One rule that a connector keeps. */
export interface Check {
  /** A sentence that is true of a conforming connector. */
  readonly title: string;
  /** Whether the rule concerns this connector. Default: yes. */
  readonly concerns?: (subject: Subject) => boolean;
  readonly run: (subject: Subject) => Promise<void> | void;
}
