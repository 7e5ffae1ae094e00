import type { JsonSchema } from './json.ts';
import type { LineLevel } from './line-level.ts';

/** The six types of the configuration file, in their gRPC order. */
export const CONNECTOR_TYPES = ['observability', 'agent', 'storage', 'messaging', 'database', 'custom'] as const;
export type ConnectorType = (typeof CONNECTOR_TYPES)[number];

/** `local`: localhost or the container's network; `remote`: an external service. */
export const CONNECTION_MODES = ['local', 'remote'] as const;
export type ConnectionMode = (typeof CONNECTION_MODES)[number];

/** `unavailable` means disabled, `unknown` never checked: neither counts as healthy. */
export const CONNECTOR_STATUSES = ['healthy', 'unhealthy', 'unavailable', 'unknown'] as const;
export type ConnectorStatus = (typeof CONNECTOR_STATUSES)[number];

/** What ids of connectors look like. `health` is reserved by the REST routes. */
export const CONNECTOR_ID_PATTERN = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

/** What names of kinds look like. */
export const KIND_PATTERN = /^[a-z][a-z0-9_]*$/;

/** What names of profiles look like. */
export const PROFILE_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** What schemes of endpoints look like. */
export const SCHEME_PATTERN = /^[a-z][a-z0-9+.-]{0,31}$/;

/** What stands in an answer where a secret would. Sending it back is refused. */
export const MASKED_SECRET = '[secret]';

/** The longest time that a timer takes, in milliseconds. A longer one fires at once, so that a deadline beyond this counts as none. */
export const LONGEST_TIMER_MS = 0x7fff_ffff;
/** Most bytes of a payload or a result, at every door. */
export const MAX_PAYLOAD_BYTES = 3 * 1024 * 1024;
/** Most bytes of a configuration as JSON, at every door. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Most objects and lists within each other in a payload. */
export const MAX_PAYLOAD_DEPTH = 256;

/** The same of a result, which may wrap what a payload held. */
export const MAX_RESULT_DEPTH = 512;

/** Where a connector comes from: the configuration file, the API, or a plugin that needs no configuration. Only the owner may change it. */
export const CONNECTOR_OWNERS = ['file', 'api', 'plugin'] as const;
export type ConnectorOwner = (typeof CONNECTOR_OWNERS)[number];

/** What a configuration may ask for, the weaker first. */
export const CONFIGURED_LEVELS = ['thread', 'process', 'restricted'] as const;
export type ConfiguredLevel = (typeof CONFIGURED_LEVELS)[number];

/**
 * How a connector runs: in a thread, in a child process of its own, in one that may do only what it was granted, or, for adapter
 * classes handed over in process, not isolated at all.
 */
export const ISOLATION_LEVELS = [...CONFIGURED_LEVELS, 'none'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

/** What everyone may know of a connector. */
export interface ConnectorInfo {
  readonly id: string;
  readonly name: string;
  readonly type: ConnectorType;
  readonly kind: string;
  readonly description: string;
  /** Computed from scheme, host, port and base path; empty without a host. */
  readonly endpoint: string;
  readonly enabled: boolean;
  readonly status: ConnectorStatus;
  readonly mode: ConnectionMode;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly owner: ConnectorOwner;
  readonly isolation: IsolationLevel;
  /** Why it is not well, in one sentence; empty when it is. */
  readonly lastError: string;
  /** Why a newer configuration, or a newer version of its kind, does not run and the older one goes on; absent where none is held back. */
  readonly heldBack?: string;
  /** Since when it takes no calls, as somebody paused it, ISO 8601; absent where it is not paused. */
  readonly pausedSince?: string;
  /** Set over the API, and counts instead of `enabled` of its configuration; absent where that counts. */
  readonly override?: 'enabled' | 'disabled';
  /** From which level on its lines are written, where that was set over the API. */
  readonly logLevel?: LineLevel;
  /** Id of the host that runs it, of those that share a store; absent where none does now, each one does, or there is only one. */
  readonly host?: string;
}

export const AUTH_TYPES = ['none', 'basic', 'bearer', 'api_key', 'oauth2'] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** What an adapter can do beyond actions. All default to false. */
export interface ConnectorCapabilities {
  readonly webhooks: boolean;
  readonly polling: boolean;
  readonly batch: boolean;
  /** The kind passes a caller's idempotency key on to the remote system. */
  readonly idempotencyKey: boolean;
  readonly oauth: boolean;
  readonly rateLimitHeaders: boolean;
}

/** One action of a kind, for forms, docs and agents. */
export interface ActionDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema, draft 2020-12. */
  readonly input: JsonSchema;
  readonly output?: JsonSchema;
  /** Whether it changes anything in the remote system. */
  readonly sideEffects: boolean;
  /** Whether doing it twice is the same as doing it once, so that it may be tried again after an unknown outcome. */
  readonly idempotent: boolean;
  /** `false` where the kind passes keys on and the remote system takes none for this action: the host alone keeps them. */
  readonly idempotencyKey?: false;
  readonly rateLimitClass?: string;
  /** Milliseconds for one attempt, where the action sets its own. */
  readonly timeoutMs?: number;
}

/** What is known of actions that come from the remote system, and so belong to the connector rather than to its kind. */
export interface ActionDiscovery {
  /** Another one whenever the actions are others. Absent: they were never learned, and none are described. */
  readonly revision?: string;
  /** Why they could not be learned the last time; those described are of before. */
  readonly error?: string;
  /** What the remote system offers and cannot be an action. */
  readonly leftOut?: readonly LeftOutAction[];
}

export interface LeftOutAction {
  /** As the remote system calls it. */
  readonly name: string;
  readonly reason: string;
}

/** What the host learns of a kind from its adapter. */
export interface ConnectorDescription {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  readonly package?: { readonly name: string; readonly version: string };
  readonly capabilities: ConnectorCapabilities;
  /** JSON Schema of `settings`; `writeOnly: true` marks a secret. */
  readonly configSchema?: JsonSchema;
  /** True when the adapter overrides `execute`: any action name is tried. */
  readonly open: boolean;
  readonly actions: readonly ActionDescription[];
  /** Where the adapter asks the remote system for its actions. */
  readonly discovery?: ActionDiscovery;
  /** Its actions cannot be called now, as somebody paused the connector. */
  readonly paused?: true;
}
