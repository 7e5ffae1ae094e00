import type { CallOptions } from './call-options.ts';

/** Longest value of a secret, in bytes of UTF-8: room for a chain of certificates. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** Who reads a secret of the store. */
export interface SecretUser {
  readonly kind: 'connector' | 'profile' | 'configuration';
  /** The id of the connector, the name of the profile, or the path in the configuration: `executions.callback_secret`. */
  readonly name: string;
  /** The version that it names; absent: always the latest. */
  readonly version?: number;
}

/** What may be known of a secret: everything but its value, which no door gives back. */
export interface SecretInfo {
  readonly namespace: string;
  readonly name: string;
  /** Those that can still be read, the oldest first. */
  readonly versions: readonly { readonly version: number; /** ISO 8601. */ readonly createdAt: string }[];
  readonly usedBy: readonly SecretUser[];
}

export interface SetSecretRequest {
  /** Up to 128 letters, digits, `_`, `.` or `-`. */
  readonly namespace: string;
  /** Up to 255 of them. */
  readonly name: string;
  /** A text that is not empty, of at most `MAX_SECRET_BYTES`. */
  readonly value: string;
}

export interface RemoveSecretRequest {
  readonly namespace: string;
  readonly name: string;
  /** Only this version. Absent: all of them. */
  readonly version?: number;
  /** Remove it also where something uses it, which cannot start without it then. Default false. */
  readonly force?: boolean;
}

/** What a change of a secret answers. */
export interface SecretChange {
  readonly namespace: string;
  readonly name: string;
  /** The version that was set, or removed where one was named. */
  readonly version?: number;
  /** A sentence for people. */
  readonly message: string;
}

/** The part of the port that keeps secrets: they can be set, named and removed, and never read. */
export interface SecretOperations {
  /** All secrets of the store, by namespace and name, and who uses them. */
  listSecrets(options?: CallOptions): Promise<readonly SecretInfo[]>;
  /** Adds a version of a secret, and the secret where there is none. Whoever uses the latest is given it without a restart. */
  setSecret(request: SetSecretRequest, options?: CallOptions): Promise<SecretChange>;
  /** Removes a secret, or one version. What is in use is refused with INVALID_INPUT, reason `secret_in_use`, unless `force`. */
  removeSecret(request: RemoveSecretRequest, options?: CallOptions): Promise<SecretChange>;
}
