import type { ConnectorConfig, ConnectorOwner } from '@automate/contract';
import { NotFoundError } from '@automate/contract';
import type { ConnectorEntry } from './connector-state.ts';
import { decideState, withScheme } from './connector-state.ts';
import type { KindCatalog } from './kind-catalog.ts';

/** What makes an entry. */
export interface EntryInput {
  readonly owner: ConnectorOwner;
  /** Default false. */
  readonly anyPath?: boolean;
  readonly config: ConnectorConfig;
  readonly written: ConnectorConfig;
}

/** The connectors that there are, by id. Ids are unique whoever owns them. */
export class Registry {
  readonly #entries = new Map<string, ConnectorEntry>();
  readonly #kinds: KindCatalog;

  constructor(kinds: KindCatalog) {
    this.#kinds = kinds;
  }

  /** Replaces an entry whole, or adds it. Whether an id may be taken is for the caller to know. */
  replace(input: EntryInput): ConnectorEntry {
    const { id } = input.config;
    const kind = this.#kinds.find(input.config.kind);
    const config = withScheme(input.config, kind);
    const written = withScheme(input.written, kind);
    const state = decideState(config, kind, (name) => this.#kinds.explainMissing(name));
    const entry: ConnectorEntry = { id, owner: input.owner, anyPath: input.anyPath === true, config, written, state };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Puts back an entry that `replace` took the place of, the very object that others hold. */
  restore(entry: ConnectorEntry): void {
    this.#entries.set(entry.id, entry);
  }

  remove(id: string): boolean {
    return this.#entries.delete(id);
  }

  find(id: string): ConnectorEntry | undefined {
    return this.#entries.get(id);
  }

  /** Throws NotFoundError. */
  get(id: string): ConnectorEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new NotFoundError(`no connector has the id "${id}"`, { connector: id });
    return entry;
  }

  /** All entries in order of id. */
  all(): readonly ConnectorEntry[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** "owned by the configuration file" and the like, for messages. */
export function describeOwner(owner: ConnectorOwner): string {
  switch (owner) {
    case 'file':
      return 'owned by the configuration file: change it there';
    case 'api':
      return 'registered over the API';
    case 'plugin':
      return 'provided by an installed plugin that needs no configuration: add an entry with this id to the configuration file to change it, or remove the plugin';
    default:
      return owner satisfies never;
  }
}
