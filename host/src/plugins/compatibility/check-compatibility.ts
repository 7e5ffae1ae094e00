import Range from 'semver/classes/range.js';
import { readHostRange } from './host-range.ts';
import { compareWithRange, satisfiesCaret } from './host-version.ts';
import type { Incompatibility, RangeFault } from './reason.ts';

export interface CompatibilityQuestion {
  /** The value of `engines.automate`, as found in the manifest. */
  readonly engines?: unknown;
  /** The value of `peerDependencies["@automate/sdk"]`, as found in the manifest. */
  readonly sdkPeer?: unknown;
  /** This host's own version. */
  readonly hostVersion: string;
  /** Refuse a package without a host range rather than warn about it. Default false. */
  readonly strict?: boolean;
}

export type Verdict =
  | { readonly kind: 'admitted'; readonly warnings: readonly string[] }
  | { readonly kind: 'rejected'; readonly reason: Incompatibility }
  | { readonly kind: 'faulty'; readonly fault: RangeFault };

/** The longest range that is given to semver: real ones are a tenth of it, and its parser takes longer than linear time. */
export const MAX_RANGE_LENGTH = 256;

const REASONS = { below: 'host_too_old', above: 'host_too_new', between: 'host_between' } as const;

/** Whether this host satisfies what a package declares. Pure: looks at nothing but its argument. */
export function checkCompatibility({ engines, sdkPeer, hostVersion, strict = false }: CompatibilityQuestion): Verdict {
  const declared = readHostRange(engines, sdkPeer);
  if (declared.kind === 'unreadable')
    return { kind: 'faulty', fault: { kind: 'range_unreadable', value: declared.value, source: declared.source } };
  if (declared.kind === 'missing') {
    if (strict) return { kind: 'rejected', reason: { kind: 'range_missing', host: hostVersion } };
    return {
      kind: 'admitted',
      warnings: [
        'does not say which hosts it works with: its author should declare "engines": { "automate": "^1.0.0" }',
      ],
    };
  }
  const { range, source } = declared;
  if (range.length > MAX_RANGE_LENGTH)
    return { kind: 'faulty', fault: { kind: 'range_too_long', length: range.length, source } };
  if (satisfiesCaret(hostVersion, range)) return { kind: 'admitted', warnings: [] };
  const parsed = parseRange(range);
  if (parsed === undefined) return { kind: 'faulty', fault: { kind: 'range_unreadable', value: range, source } };
  const standing = compareWithRange(hostVersion, parsed);
  if (standing === 'inside') return { kind: 'admitted', warnings: [] };
  return { kind: 'rejected', reason: { kind: REASONS[standing], range, source, host: hostVersion } };
}

function parseRange(range: string): Range | undefined {
  try {
    return new Range(range);
  } catch {
    return undefined;
  }
}
