import type { JsonObject, JsonSchema } from './json.ts';

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

/** What schemes of endpoints look like. */
export const SCHEME_PATTERN = /^[a-z][a-z0-9+.-]{0,31}$/;

/** What stands in an answer where a secret would. Sending it back is refused. */
export const MASKED_SECRET = '[secret]';

/** What timers take at most: beyond it they fire at once, so that a deadline beyond it is none. */
export const LONGEST_TIMER_MS = 0x7fff_ffff;
/** Most bytes of a payload or a result, at every door. */
export const MAX_PAYLOAD_BYTES = 3 * 1024 * 1024;

/** Most objects and lists within each other in a payload. */
export const MAX_PAYLOAD_DEPTH = 256;

/** The same of a result, which may wrap what a payload held. */
export const MAX_RESULT_DEPTH = 512;

/** Where a connector comes from: the configuration file, the API, or a plugin that needs no configuration. Only the owner may change it. */
export type ConnectorOwner = 'file' | 'api' | 'plugin';

/** How a connector runs: in a thread of its own, or, for adapter classes handed over in process, not isolated at all. */
export type IsolationLevel = 'thread' | 'none';

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
}

export const AUTH_TYPES = ['none', 'basic', 'bearer', 'api_key', 'oauth2'] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** How requests to the remote system are authorised. Every string may be a `${VAR}` or a `secretref://` in the file. */
export interface AuthConfig {
  readonly type: AuthType;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly apiKey?: string;
  /** Further headers sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Header that carries `apiKey`. Default `X-API-Key`. */
  readonly apiKeyHeader?: string;
  /** The rest is for `oauth2`, the client credentials grant. */
  readonly tokenUrl?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly scopes?: readonly string[];
  /** Whom the token is for, where the issuer asks for that. */
  readonly audience?: string;
  /** Further parameters of the token request. */
  readonly tokenParams?: Readonly<Record<string, string>>;
}

export interface TlsConfig {
  /** PEM files, by path. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Name expected in the server's certificate, when it is not the host's. */
  readonly serverName?: string;
  /** Accept any certificate. Default false. */
  readonly insecure?: boolean;
}

export interface HealthCheckConfig {
  /** Default true. */
  readonly enabled: boolean;
  /** Milliseconds between two probes. Default 30 s, or the host's `HEALTH_INTERVAL`. */
  readonly intervalMs: number;
  /** Milliseconds that a probe may take. Default 5 s. */
  readonly timeoutMs: number;
  /** Path of an HTTP endpoint that must answer 2xx, for kinds with an http(s) endpoint. */
  readonly path?: string;
}

export interface LimitsConfig {
  /** Calls in flight at once. Default 16. */
  readonly concurrency: number;
  /** Calls that may wait for a place. Default 64. */
  readonly queue: number;
  /** Milliseconds for one attempt, from dispatch. Default 30 s. */
  readonly timeoutMs: number;
  /** Milliseconds for a start: import, initialize and connect. Default 10 s. */
  readonly startTimeoutMs: number;
  /** Memory of the worker, heap and buffers together. Default 128. */
  readonly memoryMb: number;
}

export interface RetryConfig {
  /** Tries in all, the first one included. Default 3. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubles each time. Default 200 ms. */
  readonly backoffMs: number;
  /** Most milliseconds between two tries. Default 10 s. */
  readonly maxBackoffMs: number;
}

/** A connector's configuration with every default filled in. Durations are milliseconds. */
export interface ConnectorConfig {
  readonly id: string;
  /** Default: the id. */
  readonly name: string;
  readonly description: string;
  /** Absent: the kind's own type. */
  readonly type?: ConnectorType;
  /** Default: the id. */
  readonly kind: string;
  /** Default `local`. */
  readonly mode: ConnectionMode;
  /** Default true. */
  readonly enabled: boolean;
  readonly host?: string;
  readonly port?: number;
  /** Absent: the kind's own, or http where it names none; of a connector that is there it always stands. */
  readonly scheme?: string;
  readonly basePath?: string;
  readonly auth: AuthConfig;
  readonly tls?: TlsConfig;
  /** URL of the HTTP proxy for everything but this machine, or `none`. Absent: the host's HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
  readonly proxy?: string;
  /** Name of a connection profile. */
  readonly profile?: string;
  /** The kind's own settings, checked against its schema. */
  readonly settings: JsonObject;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly healthCheck: HealthCheckConfig;
  readonly limits: LimitsConfig;
  readonly retry: RetryConfig;
  readonly isolation: 'thread';
}

type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends object | undefined
    ? T[K] extends readonly unknown[] | JsonObject | undefined
      ? T[K]
      : DeepPartial<T[K]>
    : T[K];
};

/** A configuration as a caller gives it: only the id is required. */
export type ConnectorConfigInput = { readonly id: string } & DeepPartial<
  Omit<ConnectorConfig, 'id' | 'metadata' | 'settings'>
> & {
    readonly settings?: JsonObject;
    readonly metadata?: Readonly<Record<string, string>>;
  };

/** A connector with its configuration, as written and with secrets masked. */
export interface ConnectorDetails {
  readonly connector: ConnectorInfo;
  readonly config: ConnectorConfig;
}

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
  readonly rateLimitClass?: string;
  /** Milliseconds for one attempt, where the action sets its own. */
  readonly timeoutMs?: number;
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
}
