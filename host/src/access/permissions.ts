import type { Principal } from '@automate/contract';
import { clipText, hasScope, PermissionDeniedError, quote } from '@automate/contract';

/** Whether the principal may call this action of this connector. */
export function mayCall(principal: Principal, connector: string, action: string): boolean {
  return (
    hasScope(principal, 'execute') ||
    principal.scopes.includes(`execute:${connector}`) ||
    principal.scopes.includes(`execute:${connector}/${action}`)
  );
}

/** Whether the principal may call anything of this connector. */
export function mayCallSome(principal: Principal, connector: string): boolean {
  const all = `execute:${connector}`;
  return (
    hasScope(principal, 'execute') || principal.scopes.some((scope) => scope === all || scope.startsWith(`${all}/`))
  );
}

/** Whether the principal may see every connector, not only those that it may call. */
export function seesAll(principal: Principal): boolean {
  return hasScope(principal, 'read') || hasScope(principal, 'execute');
}

/** Whether the principal may see this connector. */
export function maySee(principal: Principal, connector: string): boolean {
  return seesAll(principal) || mayCallSome(principal, connector);
}

/** Whether the principal may call anything at all. */
export function mayCallAny(principal: Principal): boolean {
  return hasScope(principal, 'execute') || principal.scopes.some((scope) => scope.startsWith('execute:'));
}

/** Whether the principal may see any connector. */
export function maySeeAny(principal: Principal): boolean {
  return seesAll(principal) || mayCallAny(principal);
}

/** The error of a caller who is known and may not do this; it names what they lack. */
export function permissionDenied({ name }: Principal, scope: string): PermissionDeniedError {
  const shown = clipText(quote(scope), 300).slice(1, -1);
  return new PermissionDeniedError(
    `${quote(name)} lacks the scope ${shown}: ask whoever runs the service for a token with it`,
    { details: { reason: 'scope_missing', scope: shown } },
  );
}
