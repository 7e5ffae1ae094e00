import type { ConnectorInfo, HealthReport } from '@automate/contract';
import { buildEndpoint } from '@automate/contract';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import { kindOf } from '../registry/connector-state.ts';

/** What everyone may know of a connector, from its entry and its health. */
export function viewConnector(entry: ConnectorEntry, report: HealthReport): ConnectorInfo {
  const { config } = entry;
  const kind = kindOf(entry);
  return {
    id: entry.id,
    name: config.name,
    type: config.type ?? kind?.type ?? 'custom',
    kind: config.kind,
    description: config.description === '' ? (kind?.description ?? '') : config.description,
    endpoint: buildEndpoint(config),
    enabled: config.enabled,
    status: report.status,
    mode: config.mode,
    metadata: config.metadata,
    tags: config.tags,
    owner: entry.owner,
    isolation: kind?.source.via === 'class' ? 'none' : 'thread',
    lastError: report.status === 'unhealthy' ? report.message : '',
  };
}
