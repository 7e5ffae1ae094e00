import type { ConnectorStatus } from './connector.ts';

/** What a probe of one connector found. */
export interface HealthReport {
  readonly id: string;
  readonly status: ConnectorStatus;
  /** `status === 'healthy'`. */
  readonly healthy: boolean;
  readonly message: string;
  /** Milliseconds that the probe took; 0 when there was none. */
  readonly responseTimeMs: number;
  /** When the probe ended, ISO 8601; absent when there was none. */
  readonly checkedAt?: string;
  /** When a probe last found it healthy, ISO 8601. */
  readonly lastSuccessAt?: string;
  readonly consecutiveFailures: number;
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
