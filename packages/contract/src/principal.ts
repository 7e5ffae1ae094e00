/** What a caller may be allowed to do. `execute:<connector>` and `execute:<connector>/<action>` allow calls of that one alone. */
export const SCOPES = ['read', 'execute', 'manage', 'secrets', 'admin'] as const;

export type Scope = (typeof SCOPES)[number] | `execute:${string}`;

/** Who calls, as the door found out that the call came through. */
export interface Principal {
  /** `local`, or the name of a token or of a client certificate. */
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** Whether the principal has the scope, or the one that allows everything. */
export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(scope);
}

/** Whoever calls in process, through the Unix socket, or through any door where nobody has to sign in. */
export const LOCAL_PRINCIPAL: Principal = { name: 'local', scopes: ['admin'] };
