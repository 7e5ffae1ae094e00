import type { ConnectorStatus } from './connector.ts';
import type { Blame } from './error-codes.ts';

export const CIRCUIT_STATES = ['closed', 'half_open', 'open'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** How one connector is: what its last check found, or what failed since in a test, a connect or a call. */
export interface HealthReport {
  readonly id: string;
  readonly status: ConnectorStatus;
  /** `status === 'healthy'`. */
  readonly healthy: boolean;
  readonly message: string;
  /** Who must act for it to become healthy; absent where it is not unhealthy. */
  readonly blame?: Blame;
  /** Milliseconds that the probe took; 0 when there was none. */
  readonly responseTimeMs: number;
  /** When that was found, ISO 8601; absent when nothing was. */
  readonly checkedAt?: string;
  /** When it was last found healthy, ISO 8601. */
  readonly lastSuccessAt?: string;
  readonly consecutiveFailures: number;
  /** Of its circuit, where one is configured: `open` lets no calls through, `half_open` one. */
  readonly circuit?: CircuitState;
  /** Calls that wait for their turn by a limit of rate; absent where none is configured. */
  readonly rateQueued?: number;
  /** It takes no calls, as somebody paused it. */
  readonly paused?: true;
}

/** The outcome of a connection test: like a probe, with the endpoint and the error as a whole. */
export interface TestReport {
  readonly id: string;
  readonly status: ConnectorStatus;
  readonly endpoint: string;
  readonly success: boolean;
  /** Why it failed, in a sentence. */
  readonly error?: string;
}
