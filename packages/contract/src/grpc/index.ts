export {
  auditCursorToMessage,
  auditFilterFromMessage,
  auditPageFromMessage,
  auditPageToMessage,
  auditVerdictFromMessage,
  auditVerdictToMessage,
} from './messages/audit.ts';
export { configPlanFromMessage, configPlanToMessage, configTextFromMessage } from './messages/config-plan.ts';
export { configFromMessage, configInputFromMessage, configToMessage } from './messages/config.ts';
export { descriptionFromMessage, descriptionToMessage } from './messages/description.ts';
export {
  executionFilterFromMessage,
  executionFromMessage,
  executionPageFromMessage,
  executionPageToMessage,
  executionToMessage,
  startExecutionFromMessage,
  startExecutionToMessage,
  progressFromMessage,
} from './messages/executions.ts';
export { eventFromMessage, eventToMessage } from './messages/events.ts';
export {
  healthAllFromMessage,
  healthAllToMessage,
  healthFromMessage,
  healthToMessage,
  testFromMessage,
  testToMessage,
} from './messages/health.ts';
export {
  findingFromMessage,
  findingToMessage,
  hostStatusFromMessage,
  hostStatusToMessage,
} from './messages/host-status.ts';
export { hostFromMessage, hostToMessage, missingToMessages, rowsFromMessages } from './messages/hosts.ts';
export { infoFromMessage, infoToMessage } from './messages/info.ts';
export {
  afterToMessage,
  logEventFromMessage,
  logEventToMessage,
  logFilterFromMessage,
  logLineFromMessage,
  logLineToMessage,
  recentCallFromMessage,
  recentCallToMessage,
} from './messages/logs.ts';
export { outcomeFromMessage, outcomeToMessage } from './messages/outcomes.ts';
export { pluginsFromMessage, pluginsToMessage } from './messages/plugins.ts';
export {
  profileFromMessage,
  profileToMessage,
  setProfileFromMessage,
  setProfileToMessage,
} from './messages/profiles.ts';
export { blameFromMessage, blameToMessage, statsFromMessage, statsToMessage } from './messages/stats.ts';
export {
  scheduleFromMessage,
  scheduleToMessage,
  setScheduleFromMessage,
  setScheduleToMessage,
} from './messages/schedules.ts';
export { secretFromMessage, secretToMessage } from './messages/secrets.ts';
export { createTokenFromMessage, createTokenToMessage, tokenFromMessage, tokenToMessage } from './messages/tokens.ts';
export { receiptFromMessage, webhookFromMessage, webhookToMessage } from './messages/webhooks.ts';
export { int64ToNumber, millisToInt64, typeFromNumber, typeToNumber } from './messages/words.ts';
export type { Problems } from './messages/words.ts';
export { CONNECTORS_SERVICE, CONNECTORS_SERVICE_NAME } from './service-definition.ts';
export type { ConnectorsMethod, ExecuteMethod, UnreadableMessage } from './service-definition.ts';
export {
  DEFAULT_DETAILS_LIMIT,
  DETAILS_LIMIT_KEY,
  errorFromStatus,
  MAX_DETAILS_LIMIT,
  STATUS_DETAILS_KEY,
  statusFromError,
  TIMEOUT_KEY,
} from './status.ts';
export type { ErrorStatus } from './status.ts';
export {
  encodeFile,
  HEALTH_SERVICE,
  REFLECTED_FILES,
  REFLECTED_SERVICES,
  REFLECTION_SERVICE,
} from './standard-services.ts';
export {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from '../gen/grpc/health/v1/health_pb.ts';
export type { HealthCheckRequest, HealthCheckResponse } from '../gen/grpc/health/v1/health_pb.ts';
export { ServerReflectionResponseSchema } from '../gen/grpc/reflection/v1/reflection_pb.ts';
export type { ServerReflectionRequest, ServerReflectionResponse } from '../gen/grpc/reflection/v1/reflection_pb.ts';
export type { CallContext } from './plain-status.ts';
