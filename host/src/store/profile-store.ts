import type { JsonObject } from '@automate/contract';

/** One profile that was set over the API, as it is kept. */
export interface StoredProfile {
  readonly name: string;
  /** In the YAML's shape, with references to the store of secrets in the place of secrets. */
  readonly config: JsonObject;
  /** Why it cannot be read, with what to do about it; `config` is empty then. */
  readonly fault?: string;
}

/**
 * Keeps profiles. A method that has resolved has written durably; what cannot be done rejects with an UnavailableError in words for
 * the operator.
 */
export interface ProfileStore {
  /** All of them, by name. */
  load(): Promise<readonly StoredProfile[]>;
  /** Replaces a profile, or adds it. */
  put(name: string, config: JsonObject): Promise<void>;
  /** False where there was none. */
  delete(name: string): Promise<boolean>;
  close(): Promise<void>;
}
