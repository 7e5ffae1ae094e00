/** A token as it is kept. The token itself is not: nobody can sign in with what stands here. */
export interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the token's secret part. */
  readonly hash: Uint8Array;
  /** ISO 8601, like all times here. */
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}

/**
 * Keeps tokens. A method that has resolved has written durably; what cannot be done rejects with an UnavailableError in words for
 * the operator.
 */
export interface TokenStore {
  /** All of them, the oldest first. */
  load(): Promise<readonly StoredToken[]>;
  add(token: StoredToken): Promise<void>;
  /** False where there is none with this id that was not revoked already. */
  revoke(id: string, revokedAt: string): Promise<boolean>;
  close(): Promise<void>;
}
