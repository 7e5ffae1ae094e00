import type { ConfiguredLevel, ConnectorType, PermissionSet } from '@automate/contract';

/** One kind as its manifest words it, before anything on disk was looked at. */
export interface KindManifest {
  readonly kind: string;
  /** Relative to the package, as written. */
  readonly entry: string;
  /** Where `entry` stands in package.json, for messages. */
  readonly entryPath: string;
  readonly type: ConnectorType;
  readonly title: string;
  readonly description: string;
  /** Of the endpoint, where the configuration names none. */
  readonly scheme?: string | undefined;
  /** Relative to the package, as written. */
  readonly icon?: string;
  /** A connector whose id is the kind exists without a configuration entry. */
  readonly autoconfigure: boolean;
  /** What it asks to be allowed. Nothing is granted by asking. */
  readonly permissions: PermissionSet;
  /** Of its connectors, where the operator says nothing. */
  readonly recommendedIsolation?: ConfiguredLevel | undefined;
}

/** A kind that can be started: its entry exists and lies inside its package. */
export interface Declaration extends Omit<KindManifest, 'entry' | 'entryPath' | 'icon'> {
  /** The package as it is called in `node_modules`. */
  readonly packageName: string;
  readonly packageVersion: string;
  /** Real directory of the package. */
  readonly packageDir: string;
  /** Of the package.json that was read when the package was admitted: tells it from any other. */
  readonly manifestHash: string;
  /** Real path of the module whose default export is the adapter class. */
  readonly entryPath: string;
  /** The same as a `file:` URL, ready to be imported. */
  readonly entryUrl: string;
  /** Real path of the icon. */
  readonly icon?: string;
  /** Sentences about things that work but should be looked at. */
  readonly warnings: readonly string[];
}
