import type { LimitsConfig, RetryConfig } from '@automate/contract';
import { CONFIG_DEFAULTS } from '@automate/contract/schemas';
import type { ConnectorEntry } from './connector-state.ts';

/** What executions of a connector go by. */
export interface ExecutionPlaces {
  /** Calls that it takes at once: 0 where it takes none for now, as it is paused or disabled or its kind is not there. */
  readonly concurrency: number;
  readonly retry: RetryConfig;
  /** How long they are kept after their end, in milliseconds. */
  readonly ttlMs: number;
  /** Whether there is no such connector. */
  readonly isUnknown: boolean;
}

/** Those of a connector that is not there any more are made all the same: they end in NOT_FOUND. */
export function executionPlaces(entry: ConnectorEntry | undefined): ExecutionPlaces {
  const { limits, retry }: { limits: LimitsConfig; retry: RetryConfig } = entry?.config ?? CONFIG_DEFAULTS;
  const isHeld = entry !== undefined && (entry.state.phase !== 'usable' || entry.overlay?.pausedSince !== undefined);
  return {
    concurrency: isHeld ? 0 : limits.concurrency,
    retry,
    ttlMs: limits.executionTtlMs,
    isUnknown: entry === undefined,
  };
}
