import type { BlameReport, ConnectorStats, HostLoad, HostStats } from '../stats-operations.ts';
import type { blameSchema, statsSchema } from './answers.ts';
import type { View } from './views.ts';
import { missingView } from './views.ts';

export function statsView(stats: HostStats): View<typeof statsSchema> {
  const { at, windowMs, host, connectors, hosts, missing } = stats;
  return {
    at,
    window_ms: windowMs,
    host: hostLoadView(host),
    connectors: connectors.map(connectorStatsView),
    ...(hosts === undefined ? {} : { hosts: hosts.map((load) => ({ host: load.host, ...hostLoadView(load) })) }),
    ...missingView(missing),
    count: connectors.length,
  };
}

function hostLoadView({
  version,
  since,
  memoryBytes,
  cpuShare,
  loopLagMs,
}: HostLoad): View<typeof statsSchema>['host'] {
  return {
    version,
    since,
    ...(memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }),
    ...(cpuShare === undefined ? {} : { cpu_share: cpuShare }),
    ...(loopLagMs === undefined ? {} : { loop_lag_ms: loopLagMs }),
  };
}

function connectorStatsView(stats: ConnectorStats): View<typeof statsSchema>['connectors'][number] {
  const { callsPerSecond, errors, p50Ms, p99Ms, inFlight, worker, ...rest } = stats;
  return {
    ...rest,
    calls_per_second: callsPerSecond,
    errors: { ...errors },
    ...(p50Ms === undefined ? {} : { p50_ms: p50Ms }),
    ...(p99Ms === undefined ? {} : { p99_ms: p99Ms }),
    in_flight: inFlight,
    ...(worker === undefined
      ? {}
      : {
          worker: {
            since: worker.since,
            memory_bytes: worker.memoryBytes,
            memory_limit_bytes: worker.memoryLimitBytes,
            ...(worker.cpuShare === undefined ? {} : { cpu_share: worker.cpuShare }),
            loop_utilization: worker.loopUtilization,
            ...(worker.loopLagMs === undefined ? {} : { loop_lag_ms: worker.loopLagMs }),
          },
        }),
  };
}

export function blameView({ at, windowMs, entries, missing }: BlameReport): View<typeof blameSchema> {
  return {
    at,
    window_ms: windowMs,
    entries: entries.map((entry) => ({ ...entry })),
    ...missingView(missing),
    count: entries.length,
  };
}
