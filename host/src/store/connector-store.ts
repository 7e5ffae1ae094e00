import type { JsonObject } from '@automate/contract';

/** One connector that was registered over the API, as it is kept. */
export interface StoredConnector {
  readonly id: string;
  /** The configuration in the YAML's shape, with references to the store of secrets in the place of secrets. */
  readonly config: JsonObject;
  /** Why it cannot be read, with what to do about it; its configuration is empty then. */
  readonly fault?: string;
  /** It was registered before `files.roots` existed, so that its paths need not lie below them. */
  readonly anyPath: boolean;
  /** It was registered while nobody had to sign in, so that it may go where only the operator's own may since. */
  readonly anyAddress: boolean;
  /** Its secrets have been moved to where they are kept sealed. False where a version of the host wrote it that did not do so. */
  readonly sealed: boolean;
  /** When it was last written, ISO 8601. */
  readonly updatedAt: string;
}

/**
 * Keeps what was registered over the API. A method that has resolved has written durably: a process killed the moment
 * after loses nothing. Each settles within bounds of its own, since the changes of all connectors and the host's end
 * wait for it; a call waits for none. What cannot be done rejects, in words for the operator.
 */
export interface ConnectorStore {
  load(): Promise<readonly StoredConnector[]>;
  /**
   * Replaces one connector, or adds it. With `absent`: false, and nothing done, where there is one of that id, whoever put it there.
   *
   * @param anyAddress see `StoredConnector`. Default: false
   */
  put(id: string, config: JsonObject, expect?: 'absent', anyAddress?: boolean): Promise<boolean>;
  /** Of a make of store in which earlier versions of the host wrote secrets in clear. */
  readonly unsealed?: UnsealedStore;
  /** False when there was none. */
  delete(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** What it takes to leave none of the secrets that stand in a store in clear. */
export interface UnsealedStore {
  /** Everything that is kept, as a file of the same make. */
  copy(): Promise<Uint8Array>;
  /** Replaces configurations by sealed ones, and leaves nothing of what they were in any file; nothing else about them changes. */
  rewrite(rows: readonly Pick<StoredConnector, 'id' | 'config'>[]): Promise<void>;
}
