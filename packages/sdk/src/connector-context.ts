import type { AuthType, CallProgress, ConnectorConfig, JsonObject } from '@automate/contract';
import type { ConnectionProfile } from './connection-profile.ts';
import type { HttpClient } from './http-client.ts';
import type { ProxyEnvironment } from './http/proxy.ts';
import type { LocalFiles } from './local-path.ts';
import type { Logger } from './logger.ts';
import type { Secret } from './secret.ts';

/** `auth` with every reference resolved and every secret wrapped. */
export interface ResolvedAuth {
  readonly type: AuthType;
  readonly username?: string;
  readonly password?: Secret;
  readonly token?: Secret;
  readonly apiKey?: Secret;
  readonly apiKeyHeader?: string;
  readonly headers?: Readonly<Record<string, Secret>>;
  readonly tokenUrl?: string;
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly scopes?: readonly string[];
  readonly audience?: string;
  readonly tokenParams?: Readonly<Record<string, Secret>>;
}

/** A connector's configuration with all references resolved. */
export interface ResolvedConfig extends Omit<ConnectorConfig, 'auth'> {
  readonly auth: ResolvedAuth;
}

/**
 * What an adapter is given once per start. Where it has `onSecretsChanged`, the same object later has new values in `config`, `settings`
 * and `profile`, so that what is read from it when it is used is always the latest.
 */
export interface ConnectorContext {
  /** The connector's id; several connectors of one kind have one adapter each. */
  readonly id: string;
  readonly config: ResolvedConfig;
  /** The profile's settings with the connector's own over them. */
  readonly settings: JsonObject;
  readonly profile?: ConnectionProfile;
  readonly logger: Logger;
  /** Where paths on this machine lead, and whether the connector may go there. */
  readonly files: LocalFiles;
  /** HTTP outside of calls. Inside a call use the call's own, which knows its deadline. */
  readonly http: HttpClient;
  /** The proxies of the host's environment, for kinds whose library speaks HTTP itself; `http` heeds them as it is. */
  readonly proxies?: ProxyEnvironment;
  /** Fires when the connector closes. */
  readonly signal: AbortSignal;
  /** What the remote system offers has changed: `discoverActions` is asked again, soon, and not once for each time. */
  actionsChanged(): void;
  /**
   * Takes a secret that was obtained at run time, such as an access token: from now on the host keeps it out of results,
   * errors and logs, as it does with those of the configuration. Texts of fewer than 8 characters are too short to be
   * told from innocent words.
   */
  secret(value: string): Secret;
}

/** What one call is given. */
export interface CallContext {
  /** The connector's id. */
  readonly id: string;
  /** The action's name; `health` in a health check. */
  readonly action: string;
  /** Fires when the caller gives up or the deadline passes. Made when first asked for. */
  readonly signal: AbortSignal;
  /** When the attempt ends, in milliseconds since the epoch. */
  readonly deadline: number;
  /** The caller's, for kinds with the capability `idempotencyKey` and actions that take one. */
  readonly idempotencyKey?: string;
  /**
   * Whether an earlier attempt of this call may have taken effect. What an idempotent action finds done already, a message
   * that is gone or a reaction that is there, is then the call's own doing and its success, not an error.
   */
  readonly repeated: boolean;
  /** W3C trace context to hand on; `http` does so by itself. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly logger: Logger;
  /**
   * Tells how far the call is, where its caller listens; else does nothing. What comes within 10 ms of the last is not told.
   */
  progress(now: CallProgress): void;
  /** HTTP within the call's deadline, trace and cancellation. */
  readonly http: HttpClient;
}

/** What `discoverActions` is given. Its action is `discover`. */
export interface DiscoveryContext extends CallContext {
  /** Says that something which the remote system offers cannot be an action. Whoever describes the connector is told. */
  leaveOut(name: string, reason: string): void;
}
