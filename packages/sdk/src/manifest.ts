import type { ConfiguredLevel, ConnectorType } from '@automate/contract';

/**
 * What a kind needs of the machine it runs on. Asking grants nothing: the operator does, in `plugins.grants`. At the isolation
 * level `restricted` it has nothing else; at the others only the variables depend on it.
 */
export interface ConnectorPermissions {
  /** `host:port`, where either may be `*`, as may the first label: `*.example.com:443`. No port stands for any. */
  readonly network?: readonly string[];
  /** Names of environment variables. */
  readonly env?: readonly string[];
  /** Absolute paths of files and directories; `*` is what the operator names in its settings. */
  readonly fs?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
  /** Programs of its own, which nothing holds to the other permissions. Default false. */
  readonly childProcess?: boolean;
}

/** One kind in a connector package's manifest, long form. */
export interface ConnectorManifestEntry {
  /** Module within the package, from its root, whose default export is the adapter class: `./dist/my-service-adapter.js`. */
  readonly entry: string;
  /** Default `custom`. */
  readonly type?: ConnectorType;
  readonly title?: string;
  readonly description?: string;
  /** Scheme of the endpoint where the configuration names none: `postgresql`. Default `http`. */
  readonly scheme?: string;
  /** Image within the package. */
  readonly icon?: string;
  /** Needs no settings: a connector whose id is the kind exists without a configuration entry. Default false. */
  readonly autoconfigure?: boolean;
  readonly permissions?: ConnectorPermissions;
  /** How its connectors are isolated where the operator says nothing: `process` for native or uninterruptible code. */
  readonly recommendedIsolation?: ConfiguredLevel;
}

/** `automate` in a connector package's package.json. */
export interface ConnectorManifest {
  /** Kinds by name, `^[a-z][a-z0-9_]*$`: the entry module, or the long form. */
  readonly connectors: Readonly<Record<string, string | ConnectorManifestEntry>>;
}

/** The fields of package.json that matter to the host. */
export interface ConnectorPackageJson {
  readonly name: string;
  readonly version: string;
  /** `automate`: the range of host versions, as semver. */
  readonly engines?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly automate: ConnectorManifest;
}
