/** What a secret is called. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, for messages. */
export function describeSecret({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`;
}

/** One version of a secret, by its name. */
export interface SecretId extends SecretName {
  /** From 1. */
  readonly version: number;
}

/** A secret as it is kept. Nothing here can be read without the key. */
export interface SealedSecret {
  /** Id of the key that `dataKey` is wrapped under. */
  readonly keyId: string;
  /** The secret's own key, wrapped. */
  readonly dataKey: Uint8Array;
  /** The value, sealed under that key. */
  readonly sealed: Uint8Array;
}

export interface StoredSecret extends SecretId, SealedSecret {}

/** What may be told of a version. */
export interface StoredVersion extends SecretId {
  readonly keyId: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/**
 * Keeps sealed secrets. A method that has resolved has written durably, and each is done whole or not at all, whatever other
 * processes do. What cannot be done rejects with an UnavailableError in words for the operator; what `seal`, `renew` and `wrap`
 * throw is passed on as it is, and nothing has happened.
 */
export interface SecretStore {
  /** Every version there is, by namespace, name and version. */
  list(): Promise<readonly StoredVersion[]>;
  /** The version that is asked for, or the latest. */
  read(secret: SecretName, version?: number): Promise<StoredSecret | undefined>;
  /** Adds the next version. `seal` is called once that is known, while nobody else writes. */
  add(secret: SecretName, seal: (version: number) => SealedSecret): Promise<number>;
  /** Drops one version, or all; gives how many there were. */
  remove(secret: SecretName, version?: number): Promise<number>;
  /** Gives `work` the ids of the keys in use, while nobody else writes. */
  withKeyIds<T>(work: (ids: ReadonlySet<string>) => T): Promise<T>;
  /** Puts what `wrap` gives in the place of a version's data key, if that is still under the same key. False where it is not. */
  rewrap(secret: SecretId, wrap: (stored: StoredSecret) => Omit<SealedSecret, 'sealed'>): Promise<boolean>;
  close(): Promise<void>;
}
