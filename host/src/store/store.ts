import type { JsonObject } from '@automate/contract';

/** One connector that was registered over the API, as it is kept. */
export interface StoredConnector {
  readonly id: string;
  /** The configuration in the YAML's shape. Literal credentials lie in it in clear until the encrypted store exists. */
  readonly config: JsonObject;
  /** It was written before there were `files.roots`, to which its paths need not keep. */
  readonly anyPath: boolean;
  /** When it was last written, ISO 8601. */
  readonly updatedAt: string;
}

/**
 * Keeps what was registered over the API. A method that has returned has written durably: a process killed the moment
 * after loses nothing.
 */
export interface Store {
  load(): readonly StoredConnector[];
  /** Adds one connector; false, and nothing done, where there is one of that id, whoever put it there. */
  insert(id: string, config: JsonObject): boolean;
  /** Replaces one connector, or adds it. */
  put(id: string, config: JsonObject): void;
  /** False when there was none. */
  delete(id: string): boolean;
  close(): void;
}
