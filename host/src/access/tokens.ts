import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type {
  CreatedToken,
  CreateTokenRequest,
  Principal,
  Problem,
  Scope,
  TokenInfo,
  UnauthenticatedError,
} from '@automate/contract';
import {
  InvalidInputError,
  isJsonObject,
  LONGEST_EXPIRY_MS,
  LONGEST_TIMER_MS,
  NotFoundError,
  quote,
  SCOPE_PATTERN,
  SCOPE_WORDS,
  TOKEN_NAME_PATTERN,
} from '@automate/contract';
import type { ChangeResult, ConnectorError } from '@automate/contract';
import type { StoredToken, TokenStore } from '../store/token-store.ts';
import { Followers } from './followers.ts';
import { tokenExpired, tokenMalformed, tokenRevoked, tokenUnknown } from './sign-in-errors.ts';

interface KnownToken {
  readonly stored: StoredToken;
  /** Milliseconds since 1970, at hand as every call asks for it; Infinity where it never expires. */
  readonly expiresAtMs: number;
  /** The same object for each call, by which streams are found that the token opened. */
  readonly principal: Principal;
}

const BEARER = /^bearer +aut_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/i;
const SECRET_BYTES = 32;
/** What a secret is compared with where no token has its id, so that this takes as long. */
const NO_HASH = Buffer.alloc(32);
/** Headers that are remembered; beyond, all are proven anew. */
const MAX_PROVEN = 1_000;
/** Most scopes of one token. */
const MAX_SCOPES = 100;

/** The tokens of a host: what the store holds, kept at hand, as every call asks for one. */
export class Tokens {
  readonly #store: TokenStore;
  readonly #followers = new Followers();
  readonly #byId = new Map<string, KnownToken>();
  readonly #byPrincipal = new Map<Principal, KnownToken>();
  /** By the header that proved it: a caller sends the same one with each call, and to hash it each time costs as much as all else here. */
  readonly #proven = new Map<string, Principal>();

  private constructor(store: TokenStore) {
    this.#store = store;
  }

  static async open(store: TokenStore): Promise<Tokens> {
    const tokens = new Tokens(store);
    for (const stored of await store.load()) tokens.#learn(stored);
    return tokens;
  }

  /** Whether a token was ever made: who once asked callers to sign in does not stop to by revoking the last. */
  get any(): boolean {
    return this.#byId.size > 0;
  }

  /** Whether there is one that counts now. */
  get usable(): boolean {
    return [...this.#byId.values()].some((known) => faultOf(known) === undefined);
  }

  /** Who the header `Authorization` names. Throws UNAUTHENTICATED for one that names nobody. */
  identify(authorization: string): Principal {
    const proven = this.#proven.get(authorization);
    if (proven !== undefined) {
      this.requireCurrent(proven);
      return proven;
    }
    const [, id = '', secret = ''] = BEARER.exec(authorization) ?? [];
    if (secret === '') throw tokenMalformed();
    const known = this.#byId.get(id);
    const isSame = timingSafeEqual(hashOf(secret), known?.stored.hash ?? NO_HASH);
    if (!isSame || known === undefined) throw tokenUnknown();
    const fault = faultOf(known);
    if (fault !== undefined) throw fault;
    if (this.#proven.size >= MAX_PROVEN) this.#proven.clear();
    this.#proven.set(authorization, known.principal);
    return known.principal;
  }

  /** Throws UNAUTHENTICATED where the principal is a token that counts no longer. */
  requireCurrent(principal: Principal): void {
    const known = this.#byPrincipal.get(principal);
    const fault = known === undefined ? undefined : faultOf(known);
    if (fault !== undefined) throw fault;
  }

  /** Calls `onEnd` when the token is revoked, or expires. */
  follow(principal: Principal, onEnd: (reason: ConnectorError) => void): () => void {
    const letGo = this.#followers.follow(principal, onEnd);
    const known = this.#byPrincipal.get(principal);
    if (known?.stored.expiresAt === undefined) return letGo;
    const { stored, expiresAtMs } = known;
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      const left = expiresAtMs - Date.now();
      if (left <= 0) onEnd(tokenExpired(stored));
      else timer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS)).unref();
    };
    wait();
    return () => {
      clearTimeout(timer);
      letGo();
    };
  }

  async create(request: CreateTokenRequest): Promise<CreatedToken> {
    const { name, scopes, expiresInMs } = requireRequest(request);
    const id = randomBytes(6).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const now = Date.now();
    const stored: StoredToken = {
      id,
      name,
      scopes: [...new Set(scopes)],
      hash: hashOf(secret),
      createdAt: new Date(now).toISOString(),
      ...(expiresInMs === undefined ? {} : { expiresAt: new Date(now + expiresInMs).toISOString() }),
    };
    await this.#store.add(stored);
    this.#learn(stored);
    return { ...toInfo(stored), token: `aut_${id}_${secret}` };
  }

  list(): readonly TokenInfo[] {
    return [...this.#byId.values()].map(({ stored }) => toInfo(stored));
  }

  async revoke(id: unknown): Promise<ChangeResult> {
    const known = typeof id === 'string' ? this.#byId.get(id) : undefined;
    if (known === undefined) {
      const shown = typeof id === 'string' ? quote(id.slice(0, 80)) : 'nothing';
      throw new NotFoundError(`there is no token with the id ${shown}; "automate tokens list" shows them`);
    }
    const { stored } = known;
    if (stored.revokedAt !== undefined)
      return { id: stored.id, message: `the token "${stored.name}" was revoked before` };
    const revokedAt = new Date().toISOString();
    await this.#store.revoke(stored.id, revokedAt);
    this.#end(known, { ...stored, revokedAt });
    return { id: stored.id, message: `the token "${stored.name}" is revoked` };
  }

  /** Takes up what other hosts have made and revoked. */
  async catchUp(): Promise<void> {
    for (const stored of await this.#store.load()) {
      const known = this.#byId.get(stored.id);
      if (known === undefined) this.#learn(stored);
      else if (stored.revokedAt !== undefined && known.stored.revokedAt === undefined) this.#end(known, stored);
    }
  }

  #end(known: KnownToken, revoked: StoredToken): void {
    const now = { ...known, stored: revoked };
    this.#byId.set(revoked.id, now);
    this.#byPrincipal.set(known.principal, now);
    this.#followers.end(known.principal, tokenRevoked(revoked));
  }

  #learn(stored: StoredToken): void {
    const principal: Principal = { name: stored.name, scopes: stored.scopes as readonly Scope[] };
    const expiresAtMs = stored.expiresAt === undefined ? Infinity : Date.parse(stored.expiresAt);
    const known = { stored, expiresAtMs, principal };
    this.#byId.set(stored.id, known);
    this.#byPrincipal.set(principal, known);
  }
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function faultOf({ stored, expiresAtMs }: KnownToken): UnauthenticatedError | undefined {
  if (stored.revokedAt !== undefined) return tokenRevoked(stored);
  if (expiresAtMs <= Date.now()) return tokenExpired(stored);
  return undefined;
}

function toInfo({ hash: _hash, scopes, ...rest }: StoredToken): TokenInfo {
  return { ...rest, scopes: scopes as readonly Scope[] };
}

function requireRequest(request: CreateTokenRequest): CreateTokenRequest {
  const { name, scopes, expiresInMs }: { readonly [Key in keyof CreateTokenRequest]?: unknown } = isJsonObject(request)
    ? request
    : {};
  const problems: Problem[] = [];
  const refuse = (path: string, expected: string, value: unknown): void => {
    const received =
      value === undefined || value === ''
        ? 'nothing'
        : quote((typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)).slice(0, 80));
    problems.push({ path, expected, received });
  };
  if (typeof name !== 'string' || !TOKEN_NAME_PATTERN.test(name) || name === 'local')
    refuse('name', 'up to 63 letters, digits, "_", ".", "@" or "-", and not "local"', name);
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > MAX_SCOPES) {
    refuse('scopes', `1 to ${MAX_SCOPES} scopes`, undefined);
  } else {
    for (const [index, scope] of (scopes as unknown[]).entries()) {
      if (typeof scope !== 'string' || !SCOPE_PATTERN.test(scope)) refuse(`scopes[${index}]`, SCOPE_WORDS, scope);
    }
  }
  if (
    expiresInMs !== undefined &&
    !(typeof expiresInMs === 'number' && expiresInMs > 0 && expiresInMs <= LONGEST_EXPIRY_MS)
  )
    refuse('expires', 'a time above 0 and up to 3650 days, such as "90d"', expiresInMs);
  if (problems.length === 0) return { ...request, name: name as string };
  const [first] = problems;
  throw new InvalidInputError(
    `the token cannot be made: ${first?.path}: expected ${first?.expected}, received ${first?.received}`,
    {
      problems,
    },
  );
}
