export { isJsonObject } from './json.ts';
export type { JsonObject, JsonSchema, JsonValue } from './json.ts';
export { describeProblem } from './problem.ts';
export type { Problem } from './problem.ts';
export { didYouMean } from './closest-word.ts';
export { clipText } from './clip-text.ts';
export { hideUrlSecrets } from './hide-url-secrets.ts';
export { matchesPattern } from './matches-pattern.ts';
export { makeVisible, quote } from './quote.ts';
export { ERROR_CODES, GRPC_STATUS, HTTP_STATUS, isAccessCode, isErrorCode, readTraits } from './error-codes.ts';
export type { Blame, Effect, ErrorCode, ErrorTraits } from './error-codes.ts';
export type { ErrorEnvelope, Outcome } from './error-envelope.ts';
export type { ErrorDetails, ErrorReason } from './error-reasons.ts';
export {
  AlreadyExistsError,
  AuthFailedError,
  CancelledError,
  ConfigInvalidError,
  ConnectorError,
  ConnectorInternalError,
  createConnectorError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  OverloadedError,
  PermissionDeniedError,
  RateLimitedError,
  TimeoutError,
  TransientNetworkError,
  UnauthenticatedError,
  UnavailableError,
  UnknownActionError,
  UpstreamError,
  WorkerLostError,
} from './connector-error.ts';
export type { ConnectorErrorOptions } from './connector-error.ts';
export { PLANNED_CHANGES } from './config-operations.ts';
export type {
  ConfigOperations,
  ConfigPlan,
  ConfigText,
  ExportedConfig,
  PlannedChange,
  PlannedConnector,
  TrialFinding,
} from './config-operations.ts';
export type { ControlOperations } from './control-operations.ts';
export type {
  ConfigDrift,
  FromHosts,
  HostCallOptions,
  HostFilter,
  HostInfo,
  HostOperations,
  MissingHost,
  PackageDrift,
} from './host-operations.ts';
export type { KindOperations } from './kind-operations.ts';
export { LINE_LEVELS } from './line-level.ts';
export type { LineLevel } from './line-level.ts';
export type { FollowFilter, LogEvent, LogFilter, LogLine, LogOperations } from './log-operations.ts';
export type { RecentCall, RecentCallOperations } from './recent-call-operations.ts';
export { DOOR_NAMES, HEALTH_WITNESSES } from './status-operations.ts';
export type {
  ConnectorCounts,
  DoorName,
  DoorStatus,
  HealthFinding,
  HealthWitness,
  HostStatus,
  StatusOperations,
} from './status-operations.ts';
export { AUDIT_KINDS } from './audit-operations.ts';
export type {
  AuditCode,
  AuditExpectation,
  AuditFault,
  AuditFilter,
  AuditKind,
  AuditOperations,
  AuditPage,
  AuditRecord,
  AuditVerdict,
} from './audit-operations.ts';
export type { CallOptions, CallProgress } from './call-options.ts';
export { hasScope, LOCAL_PRINCIPAL, SCOPES } from './principal.ts';
export type { Principal, Scope } from './principal.ts';
export {
  AUTH_TYPES,
  CONNECTION_MODES,
  CONNECTOR_ID_PATTERN,
  CONNECTOR_STATUSES,
  CONFIGURED_LEVELS,
  CONNECTOR_TYPES,
  KIND_PATTERN,
  LONGEST_TIMER_MS,
  MASKED_SECRET,
  MAX_PAYLOAD_BYTES,
  MAX_PAYLOAD_DEPTH,
  MAX_RESULT_DEPTH,
  SCHEME_PATTERN,
} from './connector.ts';
export type {
  AuthConfig,
  CircuitConfig,
  ConnectorConfig,
  ConnectorConfigInput,
  ConnectorDetails,
  HealthCheckConfig,
  LimitsConfig,
  RateConfig,
  RetryConfig,
  TlsConfig,
} from './config-types.ts';
export type {
  ActionDescription,
  ActionDiscovery,
  LeftOutAction,
  AuthType,
  ConnectionMode,
  ConnectorCapabilities,
  ConnectorDescription,
  ConnectorInfo,
  ConnectorOwner,
  ConnectorStatus,
  ConnectorType,
  ConfiguredLevel,
  IsolationLevel,
} from './connector.ts';
export { toActionName } from './action-name.ts';
export { buildEndpoint, defaultPort } from './endpoint.ts';
export type { EndpointParts } from './endpoint.ts';
export { CIRCUIT_STATES } from './health.ts';
export type { CircuitState, HealthReport, TestReport } from './health.ts';
export type { ChangeResult } from './change-result.ts';
export type {
  ConnectorEvent,
  ConnectorService,
  ExecuteRequest,
  ExecuteResult,
  ExecuteTextRequest,
  ExecuteTextResult,
  HealthFilter,
  ListFilter,
} from './connector-service.ts';
export { OUTCOME_STATUSES } from './outcome-operations.ts';
export type { KeptOutcome, OutcomeKey, OutcomeOperations, OutcomeStatus } from './outcome-operations.ts';
export { CALLBACK_STATES, EXECUTION_STATUSES, hasEnded } from './execution-operations.ts';
export type {
  CallbackState,
  Execution,
  ExecutionFilter,
  ExecutionOperations,
  ExecutionPage,
  ExecutionStatus,
  StartExecutionRequest,
} from './execution-operations.ts';
export { PROFILE_OWNERS } from './profile-operations.ts';
export type {
  HeldBackConnector,
  ProfileChange,
  ProfileInfo,
  ProfileOperations,
  ProfileOwner,
  SetProfileRequest,
} from './profile-operations.ts';
export { facesOf, isIPv4, parseAddress, sharesPrefix } from './network-address.ts';
export type { AddressBytes } from './network-address.ts';
export { coversAddress, coversName, isInGroup, normalName, parseNetworkRule } from './network-rule.ts';
export type { NetworkGroup, NetworkRule } from './network-rule.ts';
export type { Schedule, ScheduleChange, ScheduleOperations, SetScheduleRequest } from './schedule-operations.ts';
export { MAX_SECRET_BYTES } from './secret-operations.ts';
export type {
  RemoveSecretRequest,
  SecretChange,
  SecretInfo,
  SecretOperations,
  SecretUser,
  SetSecretRequest,
} from './secret-operations.ts';
export { FAULTS } from './stats-operations.ts';
export type {
  BlameEntry,
  BlameReport,
  ConnectorStats,
  Fault,
  HostLoad,
  HostStats,
  StatsOperations,
  WorkerLoad,
} from './stats-operations.ts';
export { startPatience, until } from './until.ts';
export type { Patience, PatienceEnd } from './until.ts';
export { GRANTED_PATH_PATTERN, NETWORK_PATTERN, NO_PERMISSIONS, PERMISSIONS, VARIABLE_PATTERN } from './permissions.ts';
export type { KindPermission, Permission, PermissionSet } from './permissions.ts';
export { needsAction, PLUGIN_REASONS, PLUGIN_STATUSES } from './plugin-report.ts';
export type { PluginEntry, PluginProblem, PluginReason, PluginReport, PluginStatus } from './plugin-report.ts';
export { LONGEST_EXPIRY_MS, SCOPE_PATTERN, SCOPE_WORDS, TOKEN_NAME_PATTERN } from './token-operations.ts';
export type { CreatedToken, CreateTokenRequest, TokenInfo, TokenOperations } from './token-operations.ts';
export { MAX_WEBHOOK_BYTES, WEBHOOK_ENCODINGS, WEBHOOK_OUTCOMES } from './webhook-operations.ts';
export type {
  WebhookDelivery,
  WebhookEncoding,
  WebhookOperations,
  WebhookOutcome,
  WebhookReceipt,
  WebhookRequest,
  WebhookResponse,
} from './webhook-operations.ts';
