import type { Blame, ConnectorInfo, HealthReport } from '@automate/contract';
import type { HostEvents } from '../events/host-events.ts';
import type { HostLog } from '../log/host-log.ts';
import type { ConnectorEntry } from './connector-state.ts';
import type { Registry } from './registry.ts';
import type { ConnectorViews } from './connector-views.ts';
import type { EventHub } from '../events/event-hub.ts';

export interface AnnouncementsOptions {
  readonly registry: Registry;
  readonly hub: EventHub;
  readonly log: Pick<HostLog, 'info' | 'warn'>;
  readonly views: ConnectorViews;
  report(entry: ConnectorEntry): HealthReport;
  /** Whether what happens to it happens here; another host's own log tells of it otherwise. */
  isHere(id: string): boolean;
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

  listen(events: HostEvents): void {
    events.on('status', (id) => this.#status(id));
    events.on('change', (kind, id) => this.#change(kind, id));
    events.on('heldBack', (id) => this.#change('updated', id));
    events.on('actionsChanged', (id) => this.#actions(id));
  }

  /** What this connector can do is another. */
  #actions(id: string): void {
    const { registry, hub, views } = this.#options;
    const entry = registry.find(id);
    if (entry !== undefined) hub.publish({ kind: 'actions_changed', connector: views.of(entry) });
  }

  /** Something happened to this connector that may have changed its status. */
  #status(id: string): void {
    const { registry, hub, views, report, isHere } = this.#options;
    const entry = registry.find(id);
    if (entry === undefined) return;
    const health = report(entry);
    const connector = views.of(entry, health);
    const { blame, message } = health;
    const before = this.#told.get(id);
    const isSame =
      before?.connector.status === connector.status &&
      before.connector.lastError === connector.lastError &&
      before.connector.host === connector.host;
    if (isSame) return;
    this.#told.set(id, { connector, blame });
    if (isHere(id)) this.#log(before, { connector, blame, message });
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

  #change(kind: 'added' | 'updated' | 'removed', id: string): void {
    const { registry, hub, views } = this.#options;
    if (kind === 'removed') {
      this.#told.delete(id);
      hub.publish({ kind, id });
      return;
    }
    const entry = registry.find(id);
    if (entry !== undefined) hub.publish({ kind, connector: views.of(entry) });
  }
}
