import type { HealthCheckConfig, LimitsConfig, RetryConfig } from '../connector.ts';

/** What a connector has that says nothing. Durations in milliseconds. */
export const CONFIG_DEFAULTS = {
  mode: 'local',
  enabled: true,
  scheme: 'http',
  isolation: 'thread',
  healthCheck: { enabled: true, intervalMs: 30_000, timeoutMs: 5000 } satisfies HealthCheckConfig,
  limits: {
    concurrency: 16,
    queue: 64,
    timeoutMs: 30_000,
    startTimeoutMs: 10_000,
    memoryMb: 128,
  } satisfies LimitsConfig,
  retry: { attempts: 3, backoffMs: 200, maxBackoffMs: 10_000 } satisfies RetryConfig,
} as const;
