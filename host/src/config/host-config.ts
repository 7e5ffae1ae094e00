import type {
  ConfiguredLevel,
  ConnectorConfig,
  JsonObject,
  PermissionSet,
  ProfileOwner,
  Scope,
} from '@automate/contract';

/** `plugins:`, with every default filled in. */
export interface PluginsConfig {
  /** `direct`: only packages that the root package.json depends on; `all`: everything found. */
  readonly scan: 'direct' | 'all';
  /** Patterns of package names; `deny` wins. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Names that no package may have in this run of the host, whatever the file says. */
  readonly without: readonly string[];
  /** Further directories that hold a `node_modules`, as written. */
  readonly paths: readonly string[];
  /** Whether a package without a readable host range is rejected rather than warned about. */
  readonly strict: boolean;
  /** Package that provides a kind, for kinds that several declare. */
  readonly prefer: Readonly<Record<string, string>>;
  /** Of connectors that name none, of kinds that recommend none. */
  readonly isolation: ConfiguredLevel;
  /** The weakest level by pattern of package names. */
  readonly minimumIsolation: Readonly<Record<string, ConfiguredLevel>>;
  /** By pattern of package names; paths are absolute where the file was loaded. */
  readonly grants: Readonly<Record<string, PermissionSet>>;
  /** `require`: only packages that a trusted key has signed. */
  readonly signatures: 'allow' | 'require';
  /** By pattern of package names; base64 of the keys' DER form. */
  readonly trustedKeys: Readonly<Record<string, readonly string[]>>;
  /** Whether the host starts only with what `connectors.lock` has. */
  readonly frozen: boolean;
  /** Whether a host that runs notices by itself that packages were installed or removed. */
  readonly watch: boolean;
}

/** `network:`, with every default filled in: rules as they are written. */
export interface NetworkConfig {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** `network.registered.allow` */
  readonly registeredAllow: readonly string[];
}

/** `access:`; what is absent has no bound, or that of the doors. Times are in milliseconds. */
export interface AccessConfig {
  readonly clients: Readonly<Record<string, readonly Scope[]>>;
  readonly limits: {
    readonly requestsPerSecond?: number;
    readonly callsInFlight?: number;
    readonly connectionsPerAddress?: number;
    readonly headerTimeoutMs?: number;
    readonly bodyTimeoutMs?: number;
  };
}

export const DEFAULT_ACCESS: AccessConfig = { clients: {}, limits: {} };

/** `mcp:`, what agents are shown. */
export interface McpConfig {
  readonly expose: { readonly allow: readonly string[]; readonly deny: readonly string[]; readonly readOnly: boolean };
}

export const DEFAULT_MCP: McpConfig = { expose: { allow: ['*'], deny: [], readOnly: false } };

/** `executions:`, where their ends may be told. */
export interface ExecutionsConfig {
  /** A secret reference. Absent: none is told. */
  readonly callbackSecret?: string;
  /** As they are written. */
  readonly callbacks: readonly string[];
}

export const DEFAULT_EXECUTIONS: ExecutionsConfig = { callbacks: [] };

/** A connection profile: settings and secret references that connectors of one kind share. Holds no secret. */
export interface ProfileConfig {
  readonly name: string;
  readonly owner: ProfileOwner;
  readonly kind: string;
  readonly environment: string;
  readonly settings: JsonObject;
  /** References by field; those named as fields of `auth` (`password`, `api_key`) fill the absent ones. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  /** The same as it was written, `${VAR}` and all. */
  readonly written: Pick<ProfileConfig, 'settings' | 'secrets'>;
}

/** A connector of the file, twice. */
export interface ConfiguredConnector {
  /** Variables replaced; secret references still references. This is what runs. */
  readonly config: ConnectorConfig;
  /** Free texts as they stand in the file, `${VAR}` and all. This is what answers show. */
  readonly written: ConnectorConfig;
}

/** Everything that the configuration file says. */
export interface HostConfig {
  readonly connectors: readonly ConfiguredConnector[];
  /** Whether it has a list of connectors, be it an empty one. */
  readonly listsConnectors: boolean;
  readonly plugins: PluginsConfig;
  /** `files.roots`; absolute where the file was loaded. */
  readonly fileRoots: readonly string[];
  readonly network: NetworkConfig;
  readonly access: AccessConfig;
  readonly mcp: McpConfig;
  readonly executions: ExecutionsConfig;
  readonly profiles: ReadonlyMap<string, ProfileConfig>;
  /** What those variables hold that are secret by their name, or by where they are used. */
  readonly secretVariables: readonly string[];
}

export const DEFAULT_NETWORK: NetworkConfig = { allow: [], deny: [], registeredAllow: [] };

/** What holds without a file, and where a file is silent. */
export const DEFAULT_PLUGINS: PluginsConfig = {
  scan: 'direct',
  allow: ['*'],
  deny: [],
  without: [],
  paths: [],
  strict: false,
  prefer: {},
  isolation: 'thread',
  minimumIsolation: {},
  grants: {},
  signatures: 'allow',
  trustedKeys: {},
  frozen: false,
  watch: true,
};
