import type { ConnectorInfo, HealthReport } from '@automate/contract';
import { buildEndpoint } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import { maskMetadata, maskUrls } from './mask-config.ts';

/** What everyone may know of a connector, from its entry and its health. */
export function viewConnector(entry: ConnectorEntry, report: HealthReport): ConnectorInfo {
  const { config, written } = entry;
  const kind = kindOf(entry);
  return {
    id: entry.id,
    name: config.name,
    type: config.type ?? kind?.type ?? 'custom',
    kind: config.kind,
    description: maskUrls(written.description === '' ? (kind?.description ?? '') : written.description),
    endpoint: endpointOf(entry),
    enabled: config.enabled,
    status: report.status,
    mode: config.mode,
    metadata: maskMetadata(written.metadata),
    tags: config.tags,
    owner: entry.owner,
    isolation: kind === undefined ? 'thread' : isolationOf(kind),
    lastError: report.status === 'unhealthy' ? report.message : '',
    ...(entry.heldBack === undefined ? {} : { heldBack: entry.heldBack }),
  };
}

/** The endpoint without secrets: the base path as it was written, as a variable may hold one. */
export function endpointOf({ config, written: { basePath } }: ConnectorEntry): string {
  return buildEndpoint({ ...config, ...(basePath === undefined ? {} : { basePath: maskUrls(basePath) }) });
}
