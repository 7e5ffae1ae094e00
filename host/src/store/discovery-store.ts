import type { ActionDescription, ActionDiscovery } from '@automate/contract';

/** What a connector's remote system offered when it was last asked. */
export interface StoredDiscovery {
  readonly connector: string;
  /** Of the configuration with which it was asked, SHA-256: what another one leads to is not known by it. */
  readonly configSha256: string;
  readonly actions: readonly ActionDescription[];
  readonly discovery: ActionDiscovery;
}

/** Keeps what remote systems offered. A method rejects with an UnavailableError in words for the operator where the storage fails. */
export interface DiscoveryStore {
  /** Undefined where nothing is kept, or what is kept cannot be read. */
  find(connector: string): Promise<StoredDiscovery | undefined>;
  put(discovery: StoredDiscovery): Promise<void>;
  /** Forgets what is kept of all but these connectors. */
  keepOnly(connectors: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
