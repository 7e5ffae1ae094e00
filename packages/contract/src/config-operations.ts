import type { CallOptions } from './call-options.ts';
import type { Blame } from './error-codes.ts';
import type { Problem } from './problem.ts';

/** The text of a configuration file that is to be planned or applied. */
export interface ConfigText {
  /** YAML or JSON, as the file would hold it; at most 1 MiB. Absent: what the host's own file holds now. */
  readonly yaml?: string;
  /** What problems call the text. Default: the host's file. */
  readonly name?: string;
}

/**
 * What a configuration does to a connector. `restarted`: it is as it was, but what it is made of beside its own entry, such as its
 * profile or the network policy, is another.
 */
export const PLANNED_CHANGES = ['added', 'changed', 'restarted', 'removed'] as const;
export type PlannedChange = (typeof PLANNED_CHANGES)[number];

/** How a connector was found when it was tried out in a worker of its own, which nobody calls. */
export interface TrialFinding {
  readonly status: 'healthy' | 'unhealthy';
  readonly message: string;
  /** Who must act; absent where it is healthy. */
  readonly blame?: Blame;
}

export interface PlannedConnector {
  readonly id: string;
  readonly change: PlannedChange;
  /** Which keys of the file differ, as paths in the YAML's words; never what they hold. Empty for what is added or removed. */
  readonly keys: readonly string[];
  /** Absent for what is removed, or is not to run. */
  readonly trial?: TrialFinding;
}

/** What a configuration would do, had it been applied at that moment. */
export interface ConfigPlan {
  /** In order of id. */
  readonly connectors: readonly PlannedConnector[];
  /** Connectors that go on as they are. */
  readonly unchanged: number;
  /** Sections beside `connectors` that differ: `plugins`, `files`, `network`, `access`, and `profiles.NAME`. */
  readonly sections: readonly string[];
  /** Everything that is wrong with it, and why each connector fails that would not work. With any of them it is not applied. */
  readonly problems: readonly Problem[];
  /** What works, and should be looked at. */
  readonly warnings: readonly string[];
}

/** What was set over the API, as the text of a configuration file. */
export interface ExportedConfig {
  readonly yaml: string;
  /** Ids of the connectors in it. */
  readonly connectors: readonly string[];
  /** Names of the profiles in it. */
  readonly profiles: readonly string[];
}

/** The part of the port that changes what the configuration file says, as a whole. */
export interface ConfigOperations {
  /**
   * Compares a configuration with what runs, and tries out what would be new in workers of their own: they load, take their settings,
   * connect and say how they are. Changes nothing. What is wrong with it is in the answer, all at once.
   */
  planConfig(config?: ConfigText, options?: CallOptions): Promise<ConfigPlan>;
  /**
   * The same, and if nothing is wrong with it, puts it to work and in the place of the host's file. All or nothing: rejects with
   * CONFIG_INVALID and every problem where one connector would not work, and everything is as it was, the file too; so it is where the
   * caller leaves, or its time is over, before it is made.
   */
  applyConfig(config?: ConfigText, options?: CallOptions): Promise<ConfigPlan>;
  /**
   * Connectors and profiles that were set over the API, as a configuration file has them, with references in the place of secrets.
   * What is set beside configurations, such as a pause, is not among it.
   */
  exportConfig(options?: CallOptions): Promise<ExportedConfig>;
}
