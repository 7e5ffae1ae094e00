import type { AuditOperations } from './audit-operations.ts';
import type { CallOptions } from './call-options.ts';
import type { ChangeResult } from './change-result.ts';
import type { ConfigOperations } from './config-operations.ts';
import type { ConnectorConfigInput, ConnectorDetails } from './config-types.ts';
import type { ControlOperations } from './control-operations.ts';
import type { ConnectorDescription, ConnectorInfo, ConnectorType } from './connector.ts';
import type { ExecutionOperations } from './execution-operations.ts';
import type { HealthReport, TestReport } from './health.ts';
import type { HostOperations } from './host-operations.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { KindOperations } from './kind-operations.ts';
import type { LogOperations } from './log-operations.ts';
import type { OutcomeOperations } from './outcome-operations.ts';
import type { TokenOperations } from './token-operations.ts';
import type { PluginReport } from './plugin-report.ts';
import type { ProfileOperations } from './profile-operations.ts';
import type { RecentCallOperations } from './recent-call-operations.ts';
import type { ScheduleOperations } from './schedule-operations.ts';
import type { SecretOperations } from './secret-operations.ts';
import type { StatusOperations } from './status-operations.ts';
import type { StatsOperations } from './stats-operations.ts';
import type { WebhookDelivery, WebhookOperations } from './webhook-operations.ts';

export interface ListFilter {
  readonly type?: ConnectorType;
  readonly enabledOnly?: boolean;
  readonly tag?: string;
}

export interface HealthFilter {
  readonly type?: ConnectorType;
  /** True answers from the last probes; false, the default, probes now. */
  readonly cached?: boolean;
}

/** One call of an action. */
export interface ExecuteRequest {
  readonly id: string;
  readonly action: string;
  readonly payload?: JsonObject;
  /** For the same key, action and payload the same answer, without another effect, for as long as `limits.idempotency_ttl` says. */
  readonly idempotencyKey?: string;
}

export interface ExecuteResult {
  readonly result: JsonValue;
  /** Tries that it took, from 1. */
  readonly attempts: number;
  readonly durationMs: number;
  /** True when the answer is that of an earlier call with the same key. */
  readonly replayed: boolean;
  /** True where that call's result was too large to be kept: `result` is null then. */
  readonly resultDropped?: true;
}

/** The same call with the payload as JSON text, for transports that do not want to read it. Empty text is `{}`. */
export interface ExecuteTextRequest {
  readonly id: string;
  readonly action: string;
  readonly payload: string;
  readonly idempotencyKey?: string;
}

/** The same answer with the result as JSON text. */
export interface ExecuteTextResult {
  readonly result: string;
  readonly attempts: number;
  readonly durationMs: number;
  readonly replayed: boolean;
  readonly resultDropped?: true;
}

/** A change of one connector, or what its remote system sent. The first events of a watch say what there is already, then `synced` comes once. */
export type ConnectorEvent =
  /** `actions_changed`: what `describe` answers is another one by now. */
  | {
      readonly kind: 'added' | 'updated' | 'status' | 'actions_changed';
      readonly revision: number;
      readonly connector: ConnectorInfo;
    }
  | { readonly kind: 'removed'; readonly revision: number; readonly id: string }
  /** A webhook came for the connector of this id. Who does not watch at that moment does not hear of it. */
  | { readonly kind: 'webhook'; readonly revision: number; readonly id: string; readonly delivery: WebhookDelivery }
  | { readonly kind: 'synced'; readonly revision: number };

/**
 * The one port of the service. The host implements it; gRPC, REST and the command line translate to it, and the client
 * implements it again on the far side, so that callers cannot tell where a connector runs.
 *
 * Every method rejects with a `ConnectorError`: NOT_FOUND for an id that nobody registered, INVALID_INPUT with every
 * problem for an input that is wrong.
 */
export interface ConnectorService
  extends
    AuditOperations,
    ConfigOperations,
    ControlOperations,
    ExecutionOperations,
    HostOperations,
    KindOperations,
    LogOperations,
    OutcomeOperations,
    ProfileOperations,
    RecentCallOperations,
    ScheduleOperations,
    SecretOperations,
    StatsOperations,
    StatusOperations,
    TokenOperations,
    WebhookOperations,
    AsyncDisposable {
  /** All connectors that the filter lets through, in order of id. */
  list(filter?: ListFilter, options?: CallOptions): Promise<readonly ConnectorInfo[]>;
  /** One connector and its configuration as written, secrets masked. */
  get(id: string, options?: CallOptions): Promise<ConnectorDetails>;
  /**
   * What the connector can do. Starts its worker as far as needed to learn that; needs no remote system, but where actions
   * come from it and are not known yet: then `discovery.error` says why, if it is away.
   */
  describe(id: string, options?: CallOptions): Promise<ConnectorDescription>;
  /** Adds a connector and persists it before answering. Settings are checked by the adapter; the remote system need not answer. */
  register(config: ConnectorConfigInput, options?: CallOptions): Promise<ChangeResult>;
  /** Replaces a registered connector's configuration whole. A bad one leaves the old one running. */
  update(config: ConnectorConfigInput, options?: CallOptions): Promise<ChangeResult>;
  /**
   * Removes a registered connector. Connectors that the file or a plugin owns are refused with INVALID_INPUT, reason `not_owned`; of one
   * that is registered as well, which the file hides, the registration is removed, and the file's goes on.
   */
  remove(id: string, options?: CallOptions): Promise<ChangeResult>;
  /** Probes one connector now. */
  healthCheck(id: string, options?: CallOptions): Promise<HealthReport>;
  /** The health of all connectors by id, probed now unless the filter says `cached`. */
  healthCheckAll(filter?: HealthFilter, options?: CallOptions): Promise<Readonly<Record<string, HealthReport>>>;
  /**
   * Tests the connection from nothing: starts the connector if need be and connects. A configuration is tested before it is registered, in
   * a worker of its own: nothing is stored, and what runs runs on; INVALID_INPUT with every problem where it could not be registered.
   */
  test(target: string | ConnectorConfigInput, options?: CallOptions): Promise<TestReport>;
  /** Calls an action. */
  execute(request: ExecuteRequest, options?: CallOptions): Promise<ExecuteResult>;
  /** Calls an action with JSON text in and out. */
  executeText(request: ExecuteTextRequest, options?: CallOptions): Promise<ExecuteTextResult>;
  /** Changes as they happen, after the present state. Ends when `options.signal` fires or the service closes. */
  watch(options?: CallOptions): AsyncIterable<ConnectorEvent>;
  /** What discovery found, admitted and refused, and why. */
  plugins(options?: CallOptions): Promise<PluginReport>;
  /** Scans again; new kinds can be used at once. */
  rescanPlugins(options?: CallOptions): Promise<PluginReport>;
  /** Lets go of what the service holds. Safe to call twice. */
  close(): Promise<void>;
}
