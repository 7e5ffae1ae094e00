import type { KindPermission } from './permissions.ts';

/**
 * `admitted`: its kinds can be used; `held_back`: they can, but not for a connector that failed with it and goes on with what it
 * had, which the message says; `rejected`: sound, but not wanted here; `problem`: it cannot be read or is put together wrongly.
 */
export const PLUGIN_STATUSES = ['admitted', 'held_back', 'rejected', 'problem'] as const;
export type PluginStatus = (typeof PLUGIN_STATUSES)[number];

/**
 * Why a package was not admitted.
 * - `denied`: the configuration's `plugins.deny` or `plugins.allow` keeps it out
 * - `transitive`: no `package.json` of the project asks for it by name, and `plugins.scan` is `direct`
 * - `incompatible`: its host range does not include this host, or is missing where `plugins.strict` wants one
 * - `duplicate_kind`: every kind it declares belongs to another package, or is claimed by several
 * - `unsigned`: `plugins.signatures` is `require`, and no key that is trusted for it has signed it as it lies there
 * - `shadowed`: a package of the same name was found in an earlier place
 * - `problem`: see `problems`
 */
export const PLUGIN_REASONS = [
  'denied',
  'transitive',
  'incompatible',
  'duplicate_kind',
  'unsigned',
  'shadowed',
  'problem',
] as const;
export type PluginReason = (typeof PLUGIN_REASONS)[number];

/** One thing that is wrong with a package, or with the project that holds the packages. */
export interface PluginProblem {
  /** The package as it is called in `node_modules`. Absent when the trouble is the project's own. */
  readonly package?: string;
  /** Where: a path through the package's `package.json` (`automate.connectors.other.entry`), or the file itself (`package.json`, `node_modules`). */
  readonly path: string;
  /** What would have been right. */
  readonly expected: string;
  /** What was found, shortened. */
  readonly received: string;
  /** Who must act: the author of the package, or whoever runs this host. */
  readonly blame: 'plugin' | 'operator';
  /** What they can do about it, as an instruction. */
  readonly remedy: string;
}

/** One package that declares connectors, or that could not be read well enough to tell. */
export interface PluginEntry {
  /** The package as it is called in `node_modules`. */
  readonly package: string;
  /** Absent when the manifest could not be read, or names none. */
  readonly version?: string;
  /** The real directory of the package; the directory in `node_modules` when that leads nowhere. */
  readonly path: string;
  /** Every kind the manifest declares, whether admitted or not. */
  readonly kinds: readonly string[];
  readonly status: PluginStatus;
  /** Absent when admitted. */
  readonly reason?: PluginReason;
  /** The reason as a sentence that says what to do. Absent when admitted. */
  readonly message?: string;
  readonly problems: readonly PluginProblem[];
  /** The version that was there before it, to which `plugins rollback` returns; absent where `connectors.lock` knows none. */
  readonly formerVersion?: string;
  /** What its kinds ask for, and what of that is granted. */
  readonly permissions: readonly KindPermission[];
  /** Sentences about things that work but should be looked at. */
  readonly warnings: readonly string[];
}

/** Whether somebody has to act on a package. Those that are kept out by choice or by rank are as someone wants them. */
export function needsAction({ status, reason }: Pick<PluginEntry, 'status' | 'reason'>): boolean {
  if (status === 'problem' || status === 'held_back') return true;
  return reason === 'incompatible' || reason === 'duplicate_kind' || reason === 'unsigned';
}

/** What the last scan found. */
export interface PluginReport {
  /** By package name. Packages that are not about connectors do not appear. */
  readonly plugins: readonly PluginEntry[];
  /** Trouble with the project itself: no `package.json`, no `node_modules`, a configured path that is not there. */
  readonly problems: readonly PluginProblem[];
}
