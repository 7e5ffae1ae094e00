import type { ConnectorDescription } from '@automate/contract';
import type { ConformanceOptions } from './conformance-options.ts';
import type { Code } from './probe.ts';
import type { Rehearsal } from './rehearse.ts';
import type { Tour } from './tour.ts';

/** One kind under test, and what was learned of it, which is done once for all checks. */
export interface Subject {
  readonly kind: string;
  readonly code: Code;
  readonly options: ConformanceOptions;
  /** The package's package.json and directory, where they are known. */
  readonly manifest?: unknown;
  readonly packageDir?: string;
  /** What the kind says of itself. Rejects where it cannot be loaded or described. */
  description(): Promise<ConnectorDescription>;
  /** What it does without a remote system. Rejects with NotTried where it cannot be described. */
  rehearsal(): Promise<Rehearsal>;
  /** What it does with one. Rejects with NotTried where it does not start. */
  tour(): Promise<Tour>;
  /** What stays after a thousand calls. */
  endurance(): Promise<Tour>;
}

/** One rule that a connector keeps. */
export interface Check {
  /** By which reports name it, for good. */
  readonly name: string;
  /** A sentence that is true of a conforming connector. */
  readonly title: string;
  /** Whether the rule concerns this connector. Default: yes. */
  readonly concerns?: (subject: Subject) => boolean | Promise<boolean>;
  /** Rejects, or throws, where the rule is broken; with NotTried where another fault keeps it from being tried. */
  readonly run: (subject: Subject) => Promise<void> | void;
}

/** A check was not made, as another one that failed stands before it. */
export class NotTried extends Error {
  override readonly name = 'NotTried';
}
