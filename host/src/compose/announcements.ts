import type { ConnectorInfo } from '@automate/contract';
import type { HostLog } from '../log/host-log.ts';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { Registry } from '../registry/registry.ts';
import type { EventHub } from '../service/event-hub.ts';
import type { RegistryChange } from './plan-connectors.ts';

export interface AnnouncementsOptions {
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly log: Pick<HostLog, 'info' | 'warn'>;
  view(entry: ConnectorEntry): ConnectorInfo;
  /** A connector is gone: what was kept for it may go too. */
  onGone(id: string): void;
}

/**
 * Tells watchers what happens to connectors: each change once, and a status only when it is another than before. The log is
 * told in one line that a connector went down, and in one that it is up again.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #told = new Map<string, ConnectorInfo>();

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** Something happened to this connector that may have changed its status. */
  status(id: string): void {
    const { registry, hub, log, view } = this.#options;
    const entry = registry.find(id);
    if (entry === undefined) return;
    const connector = view(entry);
    const before = this.#told.get(id);
    if (before?.status === connector.status && before.lastError === connector.lastError) return;
    this.#told.set(id, connector);
    if (connector.status === 'unhealthy' && before?.status !== 'unhealthy')
      log.warn({ connector: id, event: 'unhealthy', reason: connector.lastError }, `connector "${id}" is unhealthy`);
    if (connector.status === 'healthy' && before?.status === 'unhealthy')
      log.info({ connector: id, event: 'healthy' }, `connector "${id}" is healthy again`);
    hub.publish({ kind: 'status', connector });
  }

  changed(kind: 'added' | 'updated', entry: ConnectorEntry): void {
    this.#options.hub.publish({ kind, connector: this.#options.view(entry) });
  }

  removed(id: string): void {
    this.#told.delete(id);
    this.#options.onGone(id);
    this.#options.hub.publish({ kind: 'removed', id });
  }

  /** All of what a new configuration or a rescan changed. */
  all(change: RegistryChange): void {
    for (const id of change.removed) this.removed(id);
    for (const entry of change.added) this.changed('added', entry);
    for (const entry of change.updated) this.changed('updated', entry);
  }
}
