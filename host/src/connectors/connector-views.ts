import type { ConnectorInfo, HealthReport } from '@automate/contract';
import { buildEndpoint } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import { maskBasePath, maskMetadata, maskUrls } from './mask-config.ts';

type Masked = Pick<ConnectorInfo, 'description' | 'endpoint' | 'metadata'>;

/** What everyone may know of connectors, from their entries and their health. */
export class ConnectorViews {
  readonly #report: (entry: ConnectorEntry) => HealthReport;
  readonly #holderOf: (id: string) => string | undefined;
  /** An entry never changes but is replaced whole, so that what was masked once holds for as long as the entry stands. */
  readonly #masked = new WeakMap<ConnectorEntry, Masked>();

  /** @param holderOf the id of the host that runs a connector, of those that share it */
  constructor(
    report: (entry: ConnectorEntry) => HealthReport,
    holderOf: (id: string) => string | undefined = () => undefined,
  ) {
    this.#report = report;
    this.#holderOf = holderOf;
  }

  /** The connector as it is now. */
  of(entry: ConnectorEntry, report: HealthReport = this.#report(entry)): ConnectorInfo {
    const { config } = entry;
    const kind = kindOf(entry);
    const { description, endpoint, metadata } = this.#maskedOf(entry);
    const host = this.#holderOf(entry.id);
    return {
      id: entry.id,
      name: config.name,
      type: config.type ?? kind?.type ?? 'custom',
      kind: config.kind,
      description,
      endpoint,
      enabled: config.enabled,
      status: report.status,
      mode: config.mode,
      // A copy: a caller in the same process may change the answer.
      metadata: { ...metadata },
      tags: config.tags,
      owner: entry.owner,
      isolation: kind === undefined ? 'thread' : isolationOf(kind, config.isolation),
      lastError: report.status === 'unhealthy' ? report.message : '',
      ...(entry.heldBack === undefined ? {} : { heldBack: entry.heldBack }),
      ...(entry.overlay?.pausedSince === undefined ? {} : { pausedSince: entry.overlay.pausedSince }),
      ...overrideOf(entry),
      ...(entry.overlay?.logLevel === undefined ? {} : { logLevel: entry.overlay.logLevel }),
      ...(host === undefined ? {} : { host }),
    };
  }

  #maskedOf(entry: ConnectorEntry): Masked {
    const known = this.#masked.get(entry);
    if (known !== undefined) return known;
    const { written } = entry;
    const masked = {
      description: maskUrls(written.description === '' ? (kindOf(entry)?.description ?? '') : written.description),
      endpoint: endpointOf(entry),
      metadata: maskMetadata(written.metadata),
    };
    this.#masked.set(entry, masked);
    return masked;
  }
}

function overrideOf({ overlay }: ConnectorEntry): Pick<ConnectorInfo, 'override'> {
  if (overlay?.enabled === undefined) return {};
  return { override: overlay.enabled ? 'enabled' : 'disabled' };
}

/** The endpoint without secrets: the base path as it was written, as a variable may hold one. */
export function endpointOf({ config, written: { basePath } }: ConnectorEntry): string {
  return buildEndpoint({ ...config, ...(basePath === undefined ? {} : { basePath: maskBasePath(basePath) }) });
}
