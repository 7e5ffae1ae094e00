import type { Blame, ConnectorInfo, HealthReport } from '@automate/contract';
import type { HostLog } from '../log/host-log.ts';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { Registry } from '../registry/registry.ts';
import { viewConnector } from '../service/connector-views.ts';
import type { EventHub } from '../service/event-hub.ts';
import type { RegistryChange } from './plan-connectors.ts';

export interface AnnouncementsOptions {
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly log: Pick<HostLog, 'info' | 'warn'>;
  report(entry: ConnectorEntry): HealthReport;
  /** A connector is gone: what was kept for it may go too. */
  onGone(id: string): void;
}

/** What watchers know of a connector's health. */
interface Told {
  readonly connector: ConnectorInfo;
  readonly blame: Blame | undefined;
}

/**
 * Tells watchers what happens to connectors: each change once, and a status only when it is another than before. The log is
 * told in one line that a connector went down, and in one that it is up again; who must act, or had to, stands in both.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #told = new Map<string, Told>();

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** Something happened to this connector that may have changed its status. */
  status(id: string): void {
    const { registry, hub, report } = this.#options;
    const entry = registry.find(id);
    if (entry === undefined) return;
    const health = report(entry);
    const connector = viewConnector(entry, health);
    const { blame, message } = health;
    const before = this.#told.get(id);
    if (before?.connector.status === connector.status && before.connector.lastError === connector.lastError) return;
    this.#told.set(id, { connector, blame });
    this.#log(before, { connector, blame, message });
    hub.publish({ kind: 'status', connector });
  }

  #log(before: Told | undefined, now: Told & { readonly message: string }): void {
    const { id, status } = now.connector;
    const was = before?.connector.status;
    if (status === 'unhealthy' && was !== 'unhealthy') {
      const fields = { connector: id, event: 'unhealthy', reason: now.message, blame: now.blame };
      this.#options.log.warn(fields, `connector "${id}" is unhealthy`);
    }
    if (status === 'healthy' && was === 'unhealthy') {
      const fields = { connector: id, event: 'healthy', reason: now.message, blame: before?.blame };
      this.#options.log.info(fields, `connector "${id}" is healthy again`);
    }
  }

  changed(kind: 'added' | 'updated', entry: ConnectorEntry): void {
    const { hub, report } = this.#options;
    hub.publish({ kind, connector: viewConnector(entry, report(entry)) });
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
