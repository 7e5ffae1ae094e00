import { matchesPattern } from '@automate/contract';
import type { Exposure } from '../../events/host-events.ts';

interface Target {
  readonly connector: string;
  /** Undefined: it is not known yet which. */
  readonly action: string | undefined;
  readonly sideEffects: boolean;
}

/** Whether agents may call this. */
export function exposesAction({ within, ...exposure }: Exposure, target: Target): boolean {
  const { allow, deny, readOnly } = exposure;
  if (readOnly && target.sideEffects) return false;
  if (within !== undefined && !exposesAction({ allow: within, deny: [], readOnly: false }, target)) return false;
  const isAllowed =
    target.action === undefined
      ? exposesConnector({ allow, deny, readOnly }, target.connector)
      : allow.some((pattern) => matches(pattern, target));
  return isAllowed && !deny.some((pattern) => matches(pattern, target));
}

/** Whether agents may see that there is this connector. */
export function exposesConnector({ allow, deny, within }: Exposure, id: string): boolean {
  const isWhole = (pattern: string): boolean => split(pattern).action === '*';
  return (
    (within === undefined || within.some((pattern) => matchesPattern(id, split(pattern).connector))) &&
    allow.some((pattern) => matchesPattern(id, split(pattern).connector)) &&
    !deny.some((pattern) => isWhole(pattern) && matchesPattern(id, split(pattern).connector))
  );
}

function matches(pattern: string, target: Target): boolean {
  const { connector, action } = split(pattern);
  const isMeant = target.action === undefined ? action === '*' : matchesPattern(target.action, action);
  return isMeant && matchesPattern(target.connector, connector);
}

function split(pattern: string): { readonly connector: string; readonly action: string } {
  const at = pattern.indexOf('/');
  return at === -1
    ? { connector: pattern, action: '*' }
    : { connector: pattern.slice(0, at), action: pattern.slice(at + 1) };
}
