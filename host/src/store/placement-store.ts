/** A package whose kinds a host can run. */
export interface InstalledPackage {
  readonly package: string;
  readonly version: string;
  /** Of the installed files, as the project's lock has it. Absent where it says nothing of the package. */
  readonly integrity?: string;
  readonly kinds: readonly string[];
}

/** What a host's configuration file says, as far as it takes to compare it with others. */
export interface ToldConfig {
  /** Id of the key that the forms follow from; those of different ones cannot be compared. */
  readonly key: string;
  /** By part, such as `connectors.slack` or `network`, a form that is the same where it says the same. */
  readonly parts: Readonly<Record<string, string>>;
}

/** What a host can run, and what its file says, to be compared with others. */
export interface PluginSet {
  /** In order of name; those of an embedding program among them, which have no package. */
  readonly kinds: readonly string[];
  /** In order of name. */
  readonly packages: readonly InstalledPackage[];
  /** Ids of its master keys, the one in use first. Absent of hosts of before. */
  readonly keys?: readonly string[];
  /** Absent of hosts of before, and of one that has no key yet. */
  readonly config?: ToldConfig;
  /** Of all that: hosts with the same one can run the same. */
  readonly digest: string;
}

/** A host as it says of itself. */
export interface HostRow {
  /** Of its data directory. */
  readonly id: string;
  /** Of its process: another one of the same id takes its place. */
  readonly instance: string;
  /** The machine's. */
  readonly name: string;
  readonly version: string;
  /** Where other hosts reach its door of gRPC. */
  readonly address: string;
  /** Words that connectors name to be placed there. */
  readonly labels: readonly string[];
  readonly pid: number;
  /** Connectors that it holds. */
  readonly held: number;
  /** What that weighs, by memory and calls. */
  readonly load: number;
  /** Bytes that its process has of memory. */
  readonly memoryBytes: number;
  /** Bytes that it and all beside it may have there. */
  readonly memoryLimitBytes: number;
  /** Bytes of those that nobody has. */
  readonly memoryFreeBytes: number;
  /** Whether it is about to end, and takes nothing more. */
  readonly isLeaving: boolean;
  /** Of its plugin set; empty where it says nothing of that. */
  readonly digest: string;
}

/** A host whose lease has not lapsed. */
export type LivingHost = HostRow & {
  /** When it joined, ISO 8601. */
  readonly since: string;
  /** ISO 8601. */
  readonly lastBeatAt: string;
};

/** Who holds a connector. Whether that host still lives is another question. */
export interface Placement {
  readonly connector: string;
  readonly host: string;
  /** Grows each time that it is taken. */
  readonly fence: number;
  /** What the host that holds it told of its health, as JSON; empty where none has yet. */
  readonly health: string;
  /** Since a host gave it to another one to even out the load, in milliseconds; null: none has. */
  readonly movedMsAgo: number | null;
}

/** What a host hears as it renews its lease. */
export interface Beat {
  /** False where another process has the host's id by now: then nothing was renewed. */
  readonly renewed: boolean;
  readonly living: readonly LivingHost[];
  /** Those of hosts that live, but for the ones that were known. */
  readonly sets: readonly PluginSet[];
  /** Those that were taken, or of which something else was told, since what was seen; maybe others as well. */
  readonly placements: readonly Placement[];
  /** How far that goes, to be given with the next beat. */
  readonly seen: string;
}

/** Which hosts there are, and which of them runs which connector. All methods reject with UNAVAILABLE, reason `store_lost`. */
export interface PlacementStore {
  /**
   * Begins the lease of a host, or renews it: for `LEASE_MS` from a moment between call and answer on.
   *
   * @param first whether it takes the place of what had its id before
   * @param plugins what the host can run, where the store does not have that yet
   * @param seen what the last beat gave that was answered; undefined: all placements are read
   * @param knownSets digests of those that need not be read
   */
  beat(
    host: HostRow,
    options: {
      readonly first: boolean;
      readonly plugins: PluginSet | undefined;
      readonly seen: string | undefined;
      readonly knownSets: readonly string[];
      onSend(): void;
    },
  ): Promise<Beat>;
  /** Who holds a connector; undefined where no host that lives does. */
  find(connector: string): Promise<Placement | undefined>;
  /** Has a host that lives hold a connector, unless another one that lives does. Gives who holds it then; undefined where `host` does not live. */
  take(connector: string, host: Pick<HostRow, 'id' | 'instance'>): Promise<Placement | undefined>;
  /**
   * Has another host that lives hold one that this one holds and has stopped. False where that does not live, or this one does not hold it
   * any more: nothing has changed then.
   *
   * @param isMove whether it is done to even out the load
   */
  hand(
    connector: string,
    hosts: { readonly from: string; readonly to: string; readonly isMove: boolean },
  ): Promise<boolean>;
  /** Lets go of one that the host holds. */
  release(connector: string, host: string): Promise<void>;
  /** Writes how connectors are, by their ids, that the host holds; those that it does not are left as they are. */
  tellHealth(host: string, health: ReadonlyMap<string, string>): Promise<void>;
  /** Ends the lease, so that others may take at once what it held. */
  leave(host: Pick<HostRow, 'id' | 'instance'>): Promise<void>;
  /** Milliseconds since 1970, by the clock that hosts share, as far as this one knows. */
  now(): number;
  close(): Promise<void>;
}

/** How long a host is taken to live after it has said so, in milliseconds. */
export const LEASE_MS = 3_000;
