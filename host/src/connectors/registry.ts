import type { ConnectorOwner } from '@automate/contract';
import { NotFoundError, quote } from '@automate/contract';
import type { HostConfig, ProfileConfig } from '../config/host-config.ts';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import type { ConnectorEntry } from './connector-state.ts';

/** What connectors are made of, beside what is stored. */
export interface Sources {
  readonly config: HostConfig;
  readonly kinds: KindCatalog;
  /** Profiles that were set over the API. */
  readonly setProfiles: ReadonlyMap<string, ProfileConfig>;
}

/** The profile of a name: that of the file before one that was set over the API. */
export function findProfile(
  { config, setProfiles }: Pick<Sources, 'config' | 'setProfiles'>,
  name: string | undefined,
): ProfileConfig | undefined {
  return name === undefined ? undefined : (config.profiles.get(name) ?? setProfiles.get(name));
}

/** All profiles that count, by name. */
export function allProfiles({ config, setProfiles }: Sources): ReadonlyMap<string, ProfileConfig> {
  return new Map([...setProfiles, ...config.profiles]);
}

/** What stands: the connectors by id, unique whoever owns them, and what they are made of. Only `Changes` writes it. */
export class Registry {
  readonly #entries = new Map<string, ConnectorEntry>();
  sources: Sources;

  constructor(sources: Sources) {
    this.sources = sources;
  }

  /** Adds an entry, or replaces one whole. */
  put(entry: ConnectorEntry): void {
    this.#entries.set(entry.id, entry);
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  find(id: string): ConnectorEntry | undefined {
    return this.#entries.get(id);
  }

  /** Throws NotFoundError. */
  get(id: string): ConnectorEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new NotFoundError(`no connector has the id ${quote(id)}`, { connector: id });
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
