import type { CallOptions } from './call-options.ts';

/** What a host has installed of a package that is not the same at all hosts. */
export interface PackageDrift {
  readonly package: string;
  /** Absent: it has none of it that it could run. */
  readonly version?: string;
  /** Of what was downloaded, as its lock has it: two that have the same version differ in it. Absent where no lock says. */
  readonly integrity?: string;
}

/** What a host's configuration file says of a part that not all hosts' files say alike. */
export interface ConfigDrift {
  /** `connectors.ID`, `profiles.NAME`, or the name of another section, such as `network`. */
  readonly part: string;
  /** Twelve hexadecimal digits, the same for hosts whose files say the same of it. Absent: its file says nothing of it. */
  readonly form?: string;
}

/** One of the hosts that share a store, as it said of itself last. */
export interface HostInfo {
  /** Of its data directory. */
  readonly id: string;
  /** The machine's. */
  readonly name: string;
  readonly version: string;
  /** Where other hosts reach its door of gRPC; absent where it opened none. */
  readonly address?: string;
  /** Words that connectors name to be placed there, as `HOST_LABELS` has them. */
  readonly labels: readonly string[];
  /** When it had started, ISO 8601. */
  readonly since: string;
  /** When it last said that it lives, ISO 8601. */
  readonly lastBeatAt: string;
  /** Connectors that it alone runs; of a host that shares none, all that can run. */
  readonly held: number;
  /** It takes no connectors, and gives away those that it holds: it was drained, or is about to end. */
  readonly draining: boolean;
  /** Bytes that its process has of memory; 0 where the program that embeds it does not tell. */
  readonly memoryBytes: number;
  /** In order of name; empty where it has what all others have. */
  readonly drift: readonly PackageDrift[];
  /** In order of part, a hundred at most; empty where its file says what all others say. Variables count as they are written. */
  readonly configDrift: readonly ConfigDrift[];
}

/** Which of the hosts that share a store are asked. */
export interface HostFilter {
  /** The id of the one that is asked alone; NOT_FOUND where it does not live. Default, and `all`: all that live. */
  readonly host?: string;
}

/** A host that was asked with others, and is not in the answer. */
export interface MissingHost {
  /** Its id. */
  readonly host: string;
  /** What it said instead, or that it said nothing within a second. */
  readonly why: string;
}

/** Rows of all hosts that were asked. */
export type FromHosts<Row> = readonly Row[] & {
  /** Those of which nothing is among them. Absent where all have answered. */
  readonly missing?: readonly MissingHost[];
};

/** The options of an operation that takes nothing else. */
export interface HostCallOptions extends CallOptions, HostFilter {}

/** The part of the port that says which hosts there are. */
export interface HostOperations {
  /**
   * The hosts that share a store and live, in order of id, as the one that is asked knows them: what it says of others is of about a second
   * ago, and stays where the store is lost. A host that shares no store is there by itself.
   */
  listHosts(options?: CallOptions): Promise<readonly HostInfo[]>;
  /**
   * Has a host take no connectors any more, and give those that it holds to others, each as soon as its calls have ended; it goes on
   * answering, by passing calls on. That holds until it is undrained or started again. Gives the host as it is then, which gives away on; one
   * that is drained already stays so. What no other host may run stays there.
   *
   * NOT_FOUND, reason `unknown_host`, where no host of that id lives; UNAVAILABLE, reason `no_host`, where no other one lives that takes
   * connectors.
   */
  drainHost(id: string, options?: CallOptions): Promise<HostInfo>;
  /** Has it take connectors again. NOT_FOUND, reason `unknown_host`, where no host of that id lives. */
  undrainHost(id: string, options?: CallOptions): Promise<HostInfo>;
}
