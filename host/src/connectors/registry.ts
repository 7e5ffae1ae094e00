import type { ConnectorOwner, Principal } from '@automate/contract';
import { didYouMean, NotFoundError, quote } from '@automate/contract';
import type { HostConfig, ProfileConfig } from '../config/host-config.ts';
import type { KindCatalog } from '../plugins/kind-catalog.ts';
import type { Overlay } from '../store/overlay-store.ts';
import type { ConnectorEntry } from './connector-state.ts';

/** What connectors are made of, beside what is stored. */
export interface Sources {
  readonly config: HostConfig;
  readonly kinds: KindCatalog;
  /** Profiles that were set over the API. */
  readonly setProfiles: ReadonlyMap<string, ProfileConfig>;
  /** What was set over the API beside configurations, by the connector's id. */
  readonly overlays: ReadonlyMap<string, Overlay>;
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

/** Whether a caller may know of the connector of this id. */
export type MaySee = (caller: Principal, id: string) => boolean;

/** What stands: the connectors by id, unique whoever owns them, and what they are made of. Only `Changes` writes it. */
export class Registry {
  readonly #entries = new Map<string, ConnectorEntry>();
  sources: Sources;
  readonly #maySee: MaySee;

  /** @param maySee decides which ids an error may suggest to a caller */
  constructor(sources: Sources, maySee: MaySee) {
    this.sources = sources;
    this.#maySee = maySee;
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

  /**
   * The entry of this id.
   *
   * @param caller who is told, where there is none, which id was probably meant, of those that it may see. Absent: who may see all
   * @throws NotFoundError
   */
  get(id: string, caller?: Principal): ConnectorEntry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    const known = [...this.#entries.keys()].filter((each) => caller === undefined || this.#maySee(caller, each));
    throw new NotFoundError(`no connector has the id ${quote(id)}${didYouMean(id, known)}`, { connector: id });
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
