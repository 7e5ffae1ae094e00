import type { HealthReport } from '@automate/contract';
import { isolationOf } from '../plugins/kind-catalog.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConnectorObservation } from '../telemetry/host-metrics.ts';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import type { LiveConnector } from './live-connector.ts';

/**
 * How a connector is, for measurements.
 *
 * @param running what runs of it
 * @param report its health
 */
export function observeConnector(
  entry: ConnectorEntry,
  running: LiveConnector | undefined,
  { status, message, blame, consecutiveFailures }: HealthReport,
): ConnectorObservation {
  const stats = running?.worker.stats();
  const kind = kindOf(entry);
  return {
    id: entry.id,
    paused: entry.overlay?.pausedSince !== undefined,
    kind: entry.config.kind,
    package: kind && packageOf(kind),
    isolation: kind === undefined ? 'thread' : isolationOf(kind, entry.config.isolation),
    status,
    message,
    blame,
    consecutiveFailures,
    heldBack: entry.heldBack,
    use: running && (() => running.worker.use()),
    queued: running?.bulkhead.queued ?? 0,
    inFlight: running?.bulkhead.inFlight ?? 0,
    memoryBytes: stats?.memoryBytes ?? 0,
    memoryLimitBytes: entry.config.limits.memoryMb * 1024 * 1024,
    utilization: stats?.utilization ?? 0,
    startedAt: stats?.startedAt,
    starts: stats?.starts ?? 0,
    crashes: stats?.crashes ?? 0,
    startQueued: stats?.state.phase === 'queued',
    abandonedThreads: stats?.abandonedThreads ?? 0,
    poisonousCalls: stats?.poisonousCalls ?? 0,
    droppedLogLines: stats?.droppedLogLines ?? 0,
    droppedMessages: stats?.droppedMessages ?? 0,
    circuit: running?.circuit && { state: running.circuit.state, opened: running.circuit.opened },
    rates: running?.rates && { queued: running.rates.queued, refused: running.rates.refused },
  };
}

function packageOf({ source }: Kind): ConnectorObservation['package'] {
  return source.via === 'package' ? { name: source.packageName, version: source.packageVersion } : undefined;
}
