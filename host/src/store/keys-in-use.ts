/** A host that lives, and the master keys that it has. */
export interface HostWithKeys {
  readonly id: string;
  /** The machine's. */
  readonly name: string;
  readonly address: string;
  /** Their ids, the one in use first; none of a host that does not say. */
  readonly keys: readonly string[];
}

/** By which master keys hosts that share a store read what is there, and each other. */
export interface KeysInUse {
  /** Ids of those that something there is sealed under: secrets, schedules, and what is to be run next. */
  readonly sealed: readonly string[];
  readonly hosts: readonly HostWithKeys[];
}
