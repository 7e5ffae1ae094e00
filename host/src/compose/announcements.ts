import type { ConnectorInfo } from '@automate/contract';
import type { ConnectorEntry } from '../registry/connector-state.ts';
import type { Registry } from '../registry/registry.ts';
import type { EventHub } from '../service/event-hub.ts';
import type { RegistryChange } from './plan-connectors.ts';

export interface AnnouncementsOptions {
  readonly registry: Registry;
  readonly hub: EventHub;
  view(entry: ConnectorEntry): ConnectorInfo;
  /** A connector is gone: what was kept for it may go too. */
  onGone(id: string): void;
}

/** Tells watchers what happens to connectors: each change once, and a status only when it is another than before. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #told = new Map<string, string>();

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** Something happened to this connector that may have changed its status. */
  status(id: string): void {
    const { registry, hub, view } = this.#options;
    const entry = registry.find(id);
    if (entry === undefined) return;
    const connector = view(entry);
    const word = `${connector.status} ${connector.lastError}`;
    if (this.#told.get(id) === word) return;
    this.#told.set(id, word);
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
