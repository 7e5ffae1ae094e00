/** What is wrong, and with which package. */
export interface BisectReport {
  /** What was found with all packages; absent where nothing is wrong. */
  readonly trouble?: string;
  readonly culprits: readonly Culprit[];
  /** Hosts that were started. */
  readonly trials: number;
  /** Other connectors that are not well, which were not asked about. */
  readonly others: readonly string[];
}

export interface Culprit {
  readonly package: string;
  readonly version: string | undefined;
  /** The last version that was accepted before and does not do it; undefined where none is known. */
  readonly lastGood: string | undefined;
  /** The command that mends it. */
  readonly mend: string;
}
