import type { HealthFinding } from '@automate/contract';
import { clipText } from '@automate/contract';

/** How many findings are kept of one connector: two hours of checks at the default interval. */
export const KEPT_FINDINGS = 240;
/** Longest message that is kept, in characters. */
const MAX_MESSAGE = 2_000;

/** What was found of a connector's health once, and by which host; empty where it shares no store. */
export interface KeptFinding {
  readonly connector: string;
  readonly host: string;
  readonly finding: HealthFinding;
}

/** How connectors were. What cannot be done rejects with an UnavailableError in words for the operator. */
export interface HealthHistoryStore {
  /** Adds findings, all or none, the oldest first, and lets go of the oldest of connectors that have more than `KEPT_FINDINGS` then. */
  add(findings: readonly KeptFinding[]): Promise<void>;
  /** The last `KEPT_FINDINGS` of one connector, the oldest first. */
  list(connector: string): Promise<readonly KeptFinding[]>;
  /** Lets go of those of a connector that is gone. */
  forget(connector: string): Promise<void>;
  close(): Promise<void>;
}

/** What stands in a row beside who and when. */
export function textOfFinding({ at: _at, message, ...rest }: HealthFinding): string {
  return JSON.stringify({ ...rest, message: clipText(message, MAX_MESSAGE) });
}

/**
 * @param text as `textOfFinding` made it
 * @param at milliseconds since the epoch
 */
export function findingOfText(text: string, at: number): HealthFinding {
  return { at: new Date(at).toISOString(), ...(JSON.parse(text) as Omit<HealthFinding, 'at'>) };
}
