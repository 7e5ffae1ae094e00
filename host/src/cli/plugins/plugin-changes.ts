import type { PluginEntry, Problem } from '@automate/contract';
import type { InstallVerb } from '../../plugins/install/package-manager.ts';
import type { SignatureVerdict } from '../../plugins/lock/signature.ts';
import type { KindChange } from '../../plugins/lock/compare-kinds.ts';

/** What a user wants done with the packages of connectors. */
export interface PluginRequest {
  readonly verb: InstallVerb | 'rollback';
  /** Names, what the package manager takes as versions of them, tarballs and folders; those relative to where the user stands. */
  readonly specs: readonly string[];
  /** Whether what is shown is accepted without a question. */
  readonly yes: boolean;
  /** Takes what is installed for what is wanted, and runs no package manager. */
  readonly installed: boolean;
}

/** What becomes of one package. */
export interface PackageChange {
  readonly package: string;
  /** Absent: it is not there, or not admitted. */
  readonly from?: string;
  readonly to?: string;
  /** How it is now; absent where it goes. */
  readonly entry?: PluginEntry;
  readonly changes: readonly KindChange[];
}

/** What came of a request. */
export interface PluginOutcome {
  readonly changes: readonly PackageChange[];
  /** Sentences about what was done all the same. They were told as well. */
  readonly warnings: readonly string[];
  /** What a running host said of the packages, after it looked again; absent without one. */
  readonly running?: readonly PluginEntry[];
}

/** In what the installed packages differ from `connectors.lock`. */
export interface PluginDiff {
  /** What their kinds do otherwise, what weighs most first. */
  readonly changes: readonly PackageChange[];
  /** What `--frozen` would refuse. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** What was signed. */
export interface SignedPlugins {
  readonly packages: readonly string[];
  /** As `plugins.trusted_keys` takes it. */
  readonly publicKey: string;
}

/** What the signature of an installed package is worth. */
export interface VerifiedPlugin {
  readonly package: string;
  readonly version: string;
  readonly verdict: SignatureVerdict;
}
