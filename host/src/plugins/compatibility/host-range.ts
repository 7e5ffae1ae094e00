/** Where a package says which hosts it works with. */
export type RangeSource = 'engines.automate' | 'peerDependencies["@automate/sdk"]';

/** The range a package declares over host versions, as text that semver may be given. */
export type HostRange =
  | { readonly kind: 'declared'; readonly range: string; readonly source: RangeSource }
  /** Neither field says anything, or the one that does names a place (`file:`, `catalog:`) and no versions. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly value: unknown; readonly source: RangeSource };

const ENGINES = 'engines.automate';
const PEER = 'peerDependencies["@automate/sdk"]';
const WORKSPACE = 'workspace:';

/** Anything with a scheme or a path in front: versions are decided elsewhere. */
const PLACE = /^(?:[a-z][a-z0-9+]*:|\.{0,2}\/)/i;

/**
 * Takes the host range from `engines.automate` or, without that, from the peer dependency `@automate/sdk`. All
 * `@automate/*` packages are released together under one version, so a range over the SDK is one over hosts.
 */
export function readHostRange(engines: unknown, sdkPeer: unknown): HostRange {
  if (engines !== undefined) {
    return typeof engines === 'string'
      ? { kind: 'declared', range: stripWorkspace(engines), source: ENGINES }
      : { kind: 'unreadable', value: engines, source: ENGINES };
  }
  if (sdkPeer === undefined) return { kind: 'missing' };
  if (typeof sdkPeer !== 'string') return { kind: 'unreadable', value: sdkPeer, source: PEER };
  const range = stripWorkspace(sdkPeer);
  return PLACE.test(range) ? { kind: 'missing' } : { kind: 'declared', range, source: PEER };
}

/** Inside a workspace, `workspace:^1.0.0` stands for `^1.0.0`, and `workspace:^` or `workspace:~` for whatever version is there. */
function stripWorkspace(range: string): string {
  const trimmed = range.trim();
  if (!trimmed.startsWith(WORKSPACE)) return trimmed;
  const rest = trimmed.slice(WORKSPACE.length).trim();
  return rest === '^' || rest === '~' ? '*' : rest;
}
