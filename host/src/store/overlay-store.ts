import type { LineLevel } from '@automate/contract';

/** What is set of a connector over the API beside its configuration, whoever owns that. What is absent is not set. */
export interface Overlay {
  /** Since when it takes no calls, ISO 8601. */
  readonly pausedSince?: string;
  /** Counts instead of `enabled` of its configuration. */
  readonly enabled?: boolean;
  /** From which level on lines about it are logged. */
  readonly logLevel?: LineLevel;
}

/**
 * Keeps overlays. A method that has resolved has written durably; what cannot be done rejects with an UnavailableError in words for
 * the operator.
 */
export interface OverlayStore {
  /** All of them, by the id of the connector. */
  load(): Promise<ReadonlyMap<string, Overlay>>;
  /** Replaces the overlay of a connector; one in which nothing is set is kept no more. */
  put(id: string, overlay: Overlay): Promise<void>;
  close(): Promise<void>;
}
