import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ConnectorDescription, Problem } from '@automate/contract';
import { ConnectorError, UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import { kindOf } from './connector-state.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import type { ConfigCheck } from '../runtime/runtime.ts';
import type { HostEvents } from '../events/host-events.ts';
import { withLastKnown } from '../runtime/last-known-actions.ts';
import type { DiscoveryStore } from '../store/discovery-store.ts';
import type { LiveConnectors } from './live-connectors.ts';

/** What a throw-away worker found: the kind's description, and what is wrong with the configuration it was shown. */
export interface Inspection {
  readonly description: ConnectorDescription;
  readonly problems: readonly Problem[];
}

export interface DescriptionsOptions {
  readonly live: LiveConnectors;
  /** Starts a throw-away worker that constructs the adapter and no more. */
  inspect(kind: Kind, check?: ConfigCheck): Promise<Inspection>;
  /** Where what remote systems offer outlives the host. */
  readonly store: DiscoveryStore;
  /** Told why that could not be used. */
  warn(message: string): void;
}

/** What was learned of one connector. */
interface Learned {
  /** Its configuration at that time: what another one leads to is not known by it. */
  readonly written: ConnectorEntry['written'];
  readonly description: ConnectorDescription;
}

/**
 * What connectors can do, as far as their adapters have said: kept by kind for as long as its code stays the same, and where the
 * remote system was asked, by connector.
 */
export class Descriptions {
  readonly #options: DescriptionsOptions;
  readonly #byKind = new Map<string, { readonly kind: Kind; readonly description: ConnectorDescription }>();
  /** Kinds that are being asked now: who comes meanwhile waits for the same answer. */
  readonly #asked = new Map<Kind, Promise<ConnectorDescription>>();
  readonly #learned = new Map<string, Learned>();
  #tell: (id: string) => void = () => {};

  constructor(options: DescriptionsOptions) {
    this.#options = options;
  }

  listen(events: HostEvents): void {
    this.#tell = (id) => void events.emit('actionsChanged', id);
    events.on('actions', (id) => this.#learn(id));
    events.on('change', (kind, id) => {
      if (kind === 'removed') this.#learned.delete(id);
    });
  }

  /** Workers that are only tried out learn as well: what counts is what the one that serves says. */
  #learn(id: string): void {
    const running = this.#options.live.find(id);
    const description = running?.worker.description();
    if (running === undefined || description?.discovery?.revision === undefined) return;
    const before = this.#learned.get(id)?.description.discovery;
    this.#learned.set(id, { written: running.entry.written, description });
    if (before?.revision === description.discovery.revision) return;
    this.#tell(id);
    void this.#keep(running.entry, description);
  }

  /** What it may be worth after the host's end is told to the log alone. */
  async #keep(entry: ConnectorEntry, { actions, discovery = {} }: ConnectorDescription): Promise<void> {
    const { error: _ofNow, ...known } = discovery;
    const kept = { connector: entry.id, configSha256: digestOf(entry), actions, discovery: known };
    await this.#options.store.put(kept).catch((reason: Error) => this.#options.warn(reason.message));
  }

  /** What its remote system offered before this host started. */
  async #findKept(entry: ConnectorEntry): Promise<Pick<ConnectorDescription, 'actions' | 'discovery'> | undefined> {
    const kept = await this.#options.store.find(entry.id).catch((reason: Error) => {
      this.#options.warn(reason.message);
    });
    return kept?.configSha256 === digestOf(entry) ? { actions: kept.actions, discovery: kept.discovery } : undefined;
  }

  /** Forgets what was kept of connectors that are no more. */
  async tidy(ids: readonly string[]): Promise<void> {
    await this.#options.store.keepOnly(ids).catch((reason: Error) => this.#options.warn(reason.message));
  }

  /** The description if it is known already. */
  find(entry: ConnectorEntry): ConnectorDescription | undefined {
    const kind = kindOf(entry);
    if (kind === undefined) return undefined;
    const known = this.#options.live.find(entry.id)?.worker.description() ?? this.#cached(kind);
    return known && withLastKnown(known, this.#lastOf(entry));
  }

  /** That of a kind, as far as it is known already: by itself, or from a connector that ran. */
  findOfKind(kind: Kind, entries: readonly ConnectorEntry[]): ConnectorDescription | undefined {
    const known = entries.filter((entry) => kindOf(entry) === kind).map((entry) => this.find(entry));
    return this.#cached(kind) ?? known.find((description) => description !== undefined);
  }

  /** That of a kind, learned from its code if need be. */
  async describeKind(kind: Kind): Promise<ConnectorDescription> {
    const known = this.#cached(kind);
    if (known !== undefined) return known;
    const underWay = this.#asked.get(kind);
    if (underWay !== undefined) return underWay;
    const asked = this.#learnKind(kind).finally(() => this.#asked.delete(kind));
    this.#asked.set(kind, asked);
    return asked;
  }

  async #learnKind(kind: Kind): Promise<ConnectorDescription> {
    const { description } = await this.#options.inspect(kind).catch((reason: unknown) => {
      throw tellAsked(reason, kind, undefined);
    });
    this.#byKind.set(kind.name, { kind, description });
    return description;
  }

  /** The description, learned from the kind's code if need be, and from the remote system where it knows the actions. */
  async describe(entry: ConnectorEntry): Promise<ConnectorDescription> {
    const known = this.find(entry) ?? (await this.#describeKindOf(entry));
    const { discovery } = known;
    if (discovery === undefined || discovery.revision !== undefined) return known;
    if (entry.state.phase !== 'usable') return { ...known, ...(await this.#findKept(entry)) };
    try {
      const { worker, limits } = this.#options.live.target(entry.id);
      return await worker.ensure('ready', { withinMs: limits.startTimeoutMs });
    } catch (reason) {
      const kept = await this.#findKept(entry);
      const { message } = ConnectorError.from(reason);
      return { ...known, ...kept, discovery: { ...kept?.discovery, error: message } };
    }
  }

  async #describeKindOf(entry: ConnectorEntry): Promise<ConnectorDescription> {
    const kind = kindOf(entry);
    if (kind === undefined) {
      const reason =
        entry.state.phase === 'missing' ? entry.state.reason : `no kind "${entry.config.kind}" is installed`;
      throw new UnavailableError(`the connector "${entry.id}" cannot be described: ${reason}`, {
        connector: entry.id,
        retryable: false,
        details: { reason: 'kind_missing' },
      });
    }
    return this.describeKind(kind).catch((reason: unknown) => {
      throw tellAsked(reason, kind, entry.id);
    });
  }

  /** Describes the kind anew and checks a configuration against it, both for a connector that may not stand yet. */
  async inspect(id: string, kind: Kind, check?: ConfigCheck): Promise<Inspection> {
    try {
      const inspection = await this.#options.inspect(kind, check);
      this.#byKind.set(kind.name, { kind, description: inspection.description });
      return inspection;
    } catch (reason) {
      throw tellAsked(reason, kind, id);
    }
  }

  #lastOf({ id, written }: ConnectorEntry): ConnectorDescription | undefined {
    const learned = this.#learned.get(id);
    return learned !== undefined && isDeepStrictEqual(learned.written, written) ? learned.description : undefined;
  }

  #cached(kind: Kind): ConnectorDescription | undefined {
    const cached = this.#byKind.get(kind.name);
    // The catalog hands out a new object whenever a scan found other code.
    return cached?.kind === kind ? cached.description : undefined;
  }
}

/** The worker knows the kind alone, and takes it for the connector's id; who reads the error asked about that connector, or about none. */
function tellAsked(reason: unknown, kind: Kind, id: string | undefined): ConnectorError {
  const error = ConnectorError.from(reason);
  const asked = id === undefined ? `the kind "${kind.name}"` : `connector "${id}"`;
  return ConnectorError.change(error, {
    connector: id,
    message: error.message.replaceAll(`connector "${kind.name}"`, asked),
  });
}

function digestOf({ written }: ConnectorEntry): string {
  return createHash('sha256').update(JSON.stringify(written)).digest('hex');
}
