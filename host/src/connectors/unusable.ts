import type { HealthReport } from '@automate/contract';
import { UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';

export function disabledError(entry: ConnectorEntry): UnavailableError {
  return new UnavailableError(`the connector "${entry.id}" is disabled: ${explainDisabled(entry)}`, {
    connector: entry.id,
    retryable: false,
    details: { reason: 'disabled' },
  });
}

function describeDisabled({ overlay }: ConnectorEntry): string {
  return overlay?.enabled === undefined ? 'disabled' : 'disabled over the API';
}

function explainDisabled({ id, overlay }: ConnectorEntry): string {
  return overlay?.enabled === undefined
    ? 'set enabled to true to use it'
    : `that was set over the API; "automate connectors enable ${id}" lets it run`;
}

export function pausedError(id: string, since: string): UnavailableError {
  return new UnavailableError(
    `the connector "${id}" is paused since ${since}: "automate connectors resume ${id}" lets it take calls again`,
    { connector: id, details: { reason: 'paused', since } },
  );
}

export function withPause(report: HealthReport, { overlay }: ConnectorEntry): HealthReport {
  return overlay?.pausedSince === undefined ? report : { ...report, paused: true };
}

export function reportUnusable(entry: ConnectorEntry): HealthReport {
  const disabled = entry.state.phase === 'disabled';
  return {
    id: entry.id,
    status: disabled ? 'unavailable' : 'unhealthy',
    healthy: false,
    message: entry.state.phase === 'missing' ? entry.state.reason : describeDisabled(entry),
    ...(disabled ? undefined : { blame: 'operator' }),
    responseTimeMs: 0,
    consecutiveFailures: 0,
  };
}
