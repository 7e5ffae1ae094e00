import type { CallOptions } from './call-options.ts';
import type { ChangeResult } from './change-result.ts';
import type { Scope } from './principal.ts';

/** What a token is called: it stands in records and messages. */
export const TOKEN_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$/;

/** What a scope looks like: `read`, `execute:<connector>`, `execute:<connector>/<action>`. */
export const SCOPE_PATTERN =
  /^(?:read|execute|manage|secrets|admin|execute:[a-z0-9][a-z0-9_.-]{0,62}(?:\/[\x21-\x7e]{1,200})?)$/;

/** What a scope may be, in words. */
export const SCOPE_WORDS = 'read, execute, execute:<connector>, execute:<connector>/<action>, manage, secrets or admin';

/** The longest time for which a token may be made out: ten years, in milliseconds. */
export const LONGEST_EXPIRY_MS = 3650 * 86_400_000;

/** What may be known of a token: all but the token itself. Times are ISO 8601. */
export interface TokenInfo {
  /** The part of the token that may be told. */
  readonly id: string;
  /** Of whoever calls with it, in records and messages. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  /** Absent: it does not expire. */
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}

/** A token that was just made. */
export interface CreatedToken extends TokenInfo {
  /** `aut_<id>_<secret>`. It is kept nowhere, and told this once. */
  readonly token: string;
}

export interface CreateTokenRequest {
  /** Up to 63 letters, digits, `_`, `.`, `@` or `-`; several tokens may have the same, and are the same caller then. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  /** How long it counts, in milliseconds; at most ten years. Absent: until it is revoked. */
  readonly expiresInMs?: number;
}

/** The part of the port that says who may call. */
export interface TokenOperations {
  /** Makes a token; it counts at once. From the first one on, every caller over the network has to sign in. */
  createToken(request: CreateTokenRequest, options?: CallOptions): Promise<CreatedToken>;
  /** All tokens, the oldest first, with those that count no longer. */
  listTokens(options?: CallOptions): Promise<readonly TokenInfo[]>;
  /** Lets it count no longer, at once, and ends the streams that it opened. */
  revokeToken(id: string, options?: CallOptions): Promise<ChangeResult>;
}
