import { isDeepStrictEqual } from 'node:util';
import type {
  CallOptions,
  ChangeResult,
  ConnectorError,
  CreatedToken,
  CreateTokenRequest,
  Principal,
  Scope,
  TokenInfo,
} from '@automate/contract';
import { hasScope, LOCAL_PRINCIPAL } from '@automate/contract';
import type { CallerRules } from './authorise.ts';
import { Followers } from './followers.ts';
import type { CallerLimits } from './limits.ts';
import { LimitKeeper } from './limits.ts';
import { permissionDenied } from './permissions.ts';
import { certificateRefused, certificateUnknown, noCredentials, tokenRevoked } from './sign-in-errors.ts';
import type { Tokens } from './tokens.ts';

/** What the configuration file says of callers. */
export interface AccessPolicy {
  /** Scopes by the names of client certificates: DNS names and URIs of their subjectAltName. */
  readonly clients: Readonly<Record<string, readonly Scope[]>>;
  readonly limits: CallerLimits;
}

/** The certificate that a caller showed: its names, or why it counts for nothing, in words for the caller. */
type ShownCertificate = { readonly names: readonly string[] } | { readonly fault: string };

/** What a caller shows of itself at a door. */
interface Caller {
  readonly authorization: string | undefined;
  /** Undefined where none was shown. Asked only for callers without a token. */
  certificate(): ShownCertificate | undefined;
}

/** Callers whom another host has let in, and counted. */
interface PeerCallers {
  /** Who calls by what another host says; undefined for a client's header. */
  identify(authorization: string): Principal | undefined;
  isPassedOn(principal: Principal): boolean;
}

export interface AccessOptions {
  readonly tokens: Tokens;
  /** Whether callers are asked to sign in whatever tokens there are: the address is not loopback, or there is a client CA. */
  readonly always: boolean;
  readonly policy: AccessPolicy;
  /** The other hosts that share connectors; absent: there are none. */
  readonly peers?: PeerCallers | undefined;
  /** Throws where tokens cannot be changed from here: another host serves the data directory. */
  assertWritable(): void;
}

/** Who may call, as it stands now: tokens, names of certificates, limits. */
export class Access implements CallerRules {
  readonly #options: AccessOptions;
  readonly #limits = new LimitKeeper();
  readonly #followers = new Followers();
  /** Whoever comes in where nobody has to sign in: another object than for programs of this user, whose streams go on. */
  readonly #anyone: Principal = { ...LOCAL_PRINCIPAL };
  /** Who was let in once and counts no longer: a call that began before may only now be asked for. */
  readonly #gone = new WeakMap<Principal, ConnectorError>();
  #clients: ReadonlyMap<string, Principal> = new Map();

  constructor(options: AccessOptions) {
    this.#options = options;
    this.setPolicy(options.policy);
  }

  /** From now on this holds. Streams of clients that it says something else of are ended. */
  setPolicy({ clients, limits }: AccessPolicy): void {
    this.#limits.set(limits);
    const before = this.#clients;
    this.#clients = new Map(
      Object.entries(clients).map(([name, scopes]) => {
        const known = before.get(name);
        const isSame = isDeepStrictEqual(known?.scopes, scopes);
        return [name, isSame && known !== undefined ? known : { name, scopes }];
      }),
    );
    for (const [name, principal] of before)
      if (this.#clients.get(name) !== principal) this.#end(principal, certificateUnknown([name]));
  }

  /** Who it is that shows this. Throws UNAUTHENTICATED for a caller who has to sign in and did not. */
  identify({ authorization, certificate }: Caller): Principal {
    const { tokens, always, peers } = this.#options;
    const passedOn = authorization === undefined ? undefined : peers?.identify(authorization);
    if (passedOn !== undefined) return passedOn;
    if (!always && !tokens.any) return this.#anyone;
    if (authorization !== undefined) return tokens.identify(authorization);
    const shown = certificate();
    if (shown === undefined) throw noCredentials();
    if ('fault' in shown) throw certificateRefused(shown.fault);
    const known = shown.names.find((name) => this.#clients.has(name));
    const principal = known === undefined ? undefined : this.#clients.get(known);
    if (principal === undefined) throw certificateUnknown(shown.names);
    return principal;
  }

  requireRead(principal: Principal): void {
    this.#requireCurrent(principal);
    if (!hasScope(principal, 'read')) throw permissionDenied(principal, 'read');
  }

  /** Doors find out who calls from the head of a request; how long its body takes to come is the caller's to choose. */
  admit(principal: Principal, options: CallOptions): (() => void) | undefined {
    this.#requireCurrent(principal);
    // The other host has counted it already.
    if (this.#options.peers?.isPassedOn(principal) === true) return undefined;
    return this.#limits.admit(principal, options);
  }

  follow(principal: Principal, onEnd: (reason: ConnectorError) => void): () => void {
    const letGo = [this.#followers.follow(principal, onEnd), this.#options.tokens.follow(principal, onEnd)];
    return () => {
      for (const each of letGo) each();
    };
  }

  async createToken(request: CreateTokenRequest): Promise<CreatedToken> {
    const { tokens, assertWritable } = this.#options;
    assertWritable();
    const created = await tokens.create(request);
    // Who came in without a token until now has to come again with one.
    this.#end(this.#anyone, noCredentials());
    return created;
  }

  /** What whoever has this name may do now; undefined where there is nobody of that name. */
  scopesOf(name: string): readonly Scope[] | undefined {
    if (name === LOCAL_PRINCIPAL.name) return LOCAL_PRINCIPAL.scopes;
    const now = new Date().toISOString();
    const tokens = this.listTokens().filter(
      (token) => token.name === name && token.revokedAt === undefined && (token.expiresAt ?? now) >= now,
    );
    const client = this.#clients.get(name);
    return tokens.length === 0 && client === undefined
      ? undefined
      : [...tokens.flatMap(({ scopes }) => scopes), ...(client?.scopes ?? [])];
  }

  /**
   * Throws UNAUTHENTICATED where whoever asked for something that is done only now was sent away meanwhile: every token of that name was
   * revoked. One that expired since asked in time.
   */
  requireNotRevoked({ name }: Principal): void {
    const own = this.listTokens().filter((token) => token.name === name);
    const isOther = name === LOCAL_PRINCIPAL.name || this.#clients.has(name);
    if (own.length > 0 && !isOther && own.every(({ revokedAt }) => revokedAt !== undefined))
      throw tokenRevoked({ name });
  }

  listTokens(): readonly TokenInfo[] {
    return this.#options.tokens.list();
  }

  async revokeToken(id: string): Promise<ChangeResult> {
    this.#options.assertWritable();
    return this.#options.tokens.revoke(id);
  }

  #end(principal: Principal, reason: ConnectorError): void {
    this.#gone.set(principal, reason);
    this.#followers.end(principal, reason);
  }

  #requireCurrent(principal: Principal): void {
    const gone = this.#gone.get(principal);
    if (gone !== undefined) throw gone;
    this.#options.tokens.requireCurrent(principal);
  }
}
