export { ConnectorAdapter } from './connector-adapter.ts';
export type { ConfigValidation, SecretsChanged, SettingsError } from './connector-adapter.ts';
export { action } from './action.ts';
export type {
  ActionDefinition,
  ActionResult,
  ActionTable,
  JsonStandardSchema,
  PairedSchema,
  Schema,
  SchemaInput,
  SchemaOutput,
} from './action.ts';
export type { ConnectionProfile } from './connection-profile.ts';
export type {
  CallContext,
  ConnectorContext,
  DiscoveryContext,
  ResolvedAuth,
  ResolvedConfig,
} from './connector-context.ts';
export type { AdapterHealth } from './health.ts';
export type { HttpClient, HttpMethod, HttpPart, HttpRequest, HttpResponse, QueryValue } from './http-client.ts';
export { fromJsonSchema, unjudgedSchema } from './json-schema/from-json-schema.ts';
export type { FromJsonSchemaOptions } from './json-schema/from-json-schema.ts';
export { localPath } from './local-path.ts';
export type { LocalFiles, LocalPathKind, LocalPathMark } from './local-path.ts';
export { LOG_LEVELS } from './logger.ts';
export type { Logger, LogReceipt, LogLevel } from './logger.ts';
export { Secret } from './secret.ts';
export { createRedactor } from './redact.ts';
export { isSecretKey } from './secret-key.ts';
export type { SecretNameReading } from './secret-key.ts';
export type { Redactor } from './redact.ts';
export { errorForStatus, normalizeError, parseRetryAfter } from './normalize-error.ts';
export type { OutcomeRule } from './outcome-rule.ts';
export { remainingMs, withDeadline } from './deadline.ts';
export type { Deadline } from './deadline.ts';
export { guardCall } from './guard-call.ts';
export type { CallScope, GuardedCall } from './guard-call.ts';
export { readTls } from './read-tls.ts';
export type { TlsOwner } from './read-tls.ts';
export { socketError } from './socket-error.ts';
export type { FailedConnection } from './socket-error.ts';
export { headerOf, isFreshTimestamp, verifyAuthorization, verifyHmacSha256, verifySlackSignature } from './webhook.ts';
export type {
  FreshnessOptions,
  HmacSha256Input,
  SharedCredentials,
  SlackSignatureInput,
  WebhookHeaders,
  WebhookResponse,
  WebhookVerdict,
} from './webhook.ts';
export type {
  ConnectorManifest,
  ConnectorManifestEntry,
  ConnectorPackageJson,
  ConnectorPermissions,
} from './manifest.ts';
export {
  AlreadyExistsError,
  AuthFailedError,
  CancelledError,
  ConfigInvalidError,
  ConnectorError,
  ConnectorInternalError,
  createConnectorError,
  describeProblem,
  ForbiddenError,
  InvalidInputError,
  isJsonObject,
  LONGEST_TIMER_MS,
  NotFoundError,
  OutcomeUnknownError,
  OverloadedError,
  RateLimitedError,
  startPatience,
  toActionName,
  TimeoutError,
  TransientNetworkError,
  UnavailableError,
  UnknownActionError,
  until,
  UpstreamError,
  WorkerLostError,
} from '@automate/contract';
export type {
  CallProgress,
  AuthType,
  Blame,
  ConnectorCapabilities,
  ConnectorConfig,
  ConnectorErrorOptions,
  ConnectorType,
  Effect,
  ErrorCode,
  ErrorEnvelope,
  JsonObject,
  JsonSchema,
  JsonValue,
  Problem,
} from '@automate/contract';
