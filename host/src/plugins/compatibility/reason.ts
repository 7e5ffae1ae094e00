import type { PluginProblem } from '@automate/contract';
import type { RangeSource } from './host-range.ts';

/** Why a host and a package do not go together. */
export type Incompatibility =
  | {
      readonly kind: 'host_too_old' | 'host_too_new' | 'host_between';
      readonly range: string;
      readonly source: RangeSource;
      readonly host: string;
    }
  | { readonly kind: 'range_missing'; readonly host: string };

/** What is wrong with a declared range. A fault in the manifest, and so a problem and not a refusal. */
export type RangeFault =
  | { readonly kind: 'range_unreadable'; readonly value: unknown; readonly source: RangeSource }
  | { readonly kind: 'range_too_long'; readonly length: number; readonly source: RangeSource };

/** A kind that a package declares and may not have. */
export type LostKind =
  /** Several packages have the same right to it. */
  | { readonly kind: string; readonly because: 'contested'; readonly others: readonly string[] }
  /** A package that the project asks for by name has it. */
  | { readonly kind: string; readonly because: 'direct'; readonly winner: string }
  /** `plugins.prefer` gives it to a package. */
  | { readonly kind: string; readonly because: 'preferred'; readonly winner: string };

/** Why a package was not admitted. */
export type Reason =
  | { readonly kind: 'denied'; readonly pattern: string }
  /** It is left out of this run of the host. */
  | { readonly kind: 'left_out'; readonly pattern: string }
  | { readonly kind: 'not_allowed' }
  | { readonly kind: 'transitive'; readonly package: string }
  | { readonly kind: 'shadowed'; readonly by: string }
  /** Why it does not count as signed, as the end of a sentence about it. */
  | { readonly kind: 'unsigned'; readonly why: string; readonly package: string }
  | { readonly kind: 'problem'; readonly problems: readonly PluginProblem[] }
  | { readonly kind: 'kinds_lost'; readonly lost: readonly LostKind[] }
  | Incompatibility;
